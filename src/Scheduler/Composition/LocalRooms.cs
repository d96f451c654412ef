using Checkpointer.Engine;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Store;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Scheduler.Composition;

/// <summary>The engine and the store of this process, by the host's configuration. Used from one thread.</summary>
internal sealed class LocalRooms : IRooms
{
    /// <summary>Environment variable that names the directory of the store.</summary>
    public const string StoreVariable = "CHECKPOINTER_STORE";

    private readonly Lazy<Settings> _settings;
    private readonly Lazy<ILoggerFactory> _loggers;
    private readonly Lazy<IJobEngine> _engine;
    private readonly Lazy<string> _directory;

    /// <summary>Makes the rooms; nothing is read or opened yet.</summary>
    public LocalRooms(
        string? storeDirectory, bool verbose, IReadOnlyList<string> files, IReadOnlyDictionary<string, string> environment)
    {
        _settings = new Lazy<Settings>(() => SettingsReader.Read(files, environment));
        _loggers = new Lazy<ILoggerFactory>(() => StandardErrorLogging.Create(verbose));
        _engine = new Lazy<IJobEngine>(() => EngineForService(_loggers.Value));
        _directory = new Lazy<string>(() => Path.GetFullPath(
            storeDirectory ?? NonEmpty(environment.GetValueOrDefault(StoreVariable)) ?? _settings.Value.Store.Directory));
    }

    /// <inheritdoc/>
    public string StoreDirectory => _directory.Value;

    /// <inheritdoc/>
    public IJobEngine Engine => _engine.Value;

    /// <inheritdoc/>
    public Settings Settings => _settings.Value;

    /// <inheritdoc/>
    public IJobStore OpenStoreForService(ILoggerFactory loggers)
        => new LocalStore(() => CheckpointStore.OpenOrCreate(StoreDirectory, _settings.Value.Store, loggers));

    /// <inheritdoc/>
    public IJobEngine EngineForService(ILoggerFactory loggers) => new LocalEngine(new CheckpointEngine(_settings.Value.Engine, loggers));

    /// <inheritdoc/>
    public IJobStore OpenStore()
        => new LocalStore(() => CheckpointStore.Open(StoreDirectory, _settings.Value.Store, _loggers.Value));

    /// <inheritdoc/>
    public IJobStore OpenOrCreateStore() => OpenStoreForService(_loggers.Value);

    /// <inheritdoc/>
    public PolicyFolder OpenPolicies() => new(_settings.Value.Policies.Directory);

    /// <inheritdoc/>
    public RepairReport RepairStore(RepairOptions options, IProgress<long>? bytesDone, CancellationToken cancellation)
        => CheckpointStore.Repair(StoreDirectory, _settings.Value.Store, _loggers.Value, options, bytesDone, cancellation);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_loggers.IsValueCreated)
        {
            _loggers.Value.Dispose();
        }
    }

    private static string? NonEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
