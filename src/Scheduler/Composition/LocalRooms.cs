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

    /// <summary>Name of the credential that holds the key, in the directory that systemd names (systemd.exec(5), LoadCredential=).</summary>
    public const string KeyCredential = "checkpointer.key";

    private const string CredentialsVariable = "CREDENTIALS_DIRECTORY";

    private readonly Lazy<Settings> _settings;
    private readonly Lazy<ILoggerFactory> _loggers;
    private readonly Lazy<IJobEngine> _engine;
    private readonly Lazy<string> _directory;
    private bool _hasAsked;

    /// <summary>Makes the rooms; nothing is read or opened yet.</summary>
    public LocalRooms(
        string? storeDirectory, string? keyFile, bool verbose, IReadOnlyList<string> files, IReadOnlyDictionary<string, string> environment)
    {
        _settings = new Lazy<Settings>(() => WithKey(SettingsReader.Read(files, environment), keyFile, environment));
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
    {
        AskForSecret();
        return new LocalStore(() => CheckpointStore.Open(StoreDirectory, _settings.Value.Store, _loggers.Value));
    }

    /// <inheritdoc/>
    public IJobStore OpenOrCreateStore()
    {
        AskForSecret();
        return OpenStoreForService(_loggers.Value);
    }

    /// <inheritdoc/>
    public void AskForSecret()
    {
        if (_settings.Value.Store.KeyFile.Length == 0 && !_hasAsked && Passphrase.CanAsk && File.Exists(Path.Combine(StoreDirectory, "format")) && StoreKeys.IsEncrypted(StoreDirectory))
        {
            _hasAsked = true;
            _settings.Value.Store.UseSecret(Passphrase.Ask(StoreDirectory));
        }
    }

    /// <inheritdoc/>
    public PolicyFolder OpenPolicies() => new(_settings.Value.Policies.Directory);

    /// <inheritdoc/>
    public RepairReport RepairStore(RepairOptions options, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        AskForSecret();
        return CheckpointStore.Repair(StoreDirectory, _settings.Value.Store, _loggers.Value, options, bytesDone, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_loggers.IsValueCreated)
        {
            _loggers.Value.Dispose();
        }
    }

    private static Settings WithKey(Settings settings, string? keyFile, IReadOnlyDictionary<string, string> environment)
    {
        string? directory = environment.GetValueOrDefault(CredentialsVariable);
        string? credential = directory is null ? null : Path.Combine(directory, KeyCredential);
        settings.Store.KeyFile = keyFile ?? NonEmpty(settings.Store.KeyFile) ?? (File.Exists(credential) ? credential : "");
        return settings;
    }

    private static string? NonEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
