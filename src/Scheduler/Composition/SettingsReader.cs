using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Checkpointer.Engine;
using Checkpointer.Scheduler.Daemon;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Status;
using Checkpointer.Scheduler.Upkeep;
using Checkpointer.Store;
using Microsoft.Extensions.Configuration;

namespace Checkpointer.Scheduler.Composition;

/// <summary>
/// Reads options: class defaults, then each file that exists, then the environment; the last to speak wins. What is not known,
/// not convertible or out of range is an error, because an option that is silently ignored is found out during a recovery.
/// </summary>
internal static class SettingsReader
{
    /// <summary>Prefix of environment variables: <c>CHECKPOINTER_Store__Workers=2</c>.</summary>
    public const string EnvironmentPrefix = "CHECKPOINTER_";

    private const string LevelSeparator = "__";

    /// <summary>Files in order: next to the executable, then the host's own.</summary>
    public static IReadOnlyList<string> DefaultFiles { get; } =
        [Path.Combine(AppContext.BaseDirectory, "appsettings.json"), "/etc/checkpointer/appsettings.json"];

    /// <summary>Reads and validates.</summary>
    /// <param name="files">Paths; absent files are passed over.</param>
    /// <param name="environment">Environment variables by name.</param>
    /// <exception cref="SchedulerException">BadConfiguration, naming the source and the key.</exception>
    public static Settings Read(IEnumerable<string> files, IReadOnlyDictionary<string, string> environment)
    {
        // Keys are copied, not chained: a chained configuration passes over empty values, and the default would hide the mistake.
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (IConfigurationRoot source in files.Where(File.Exists).Select(ReadFile).Append(ReadEnvironment(environment)))
        {
            foreach ((string key, string? value) in source.AsEnumerable())
            {
                values[key] = value;
            }
        }

        IConfigurationRoot all = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        return new Settings(
            Bind<EngineOptions>(all, EngineOptions.Section),
            Bind<StoreOptions>(all, StoreOptions.Section),
            Bind<PolicySettings>(all, PolicySettings.Section),
            Bind<DaemonOptions>(all, DaemonOptions.Section),
            Bind<UpkeepOptions>(all, UpkeepOptions.Section),
            Bind<StatusSettings>(all, StatusSettings.Section));
    }

    private static IConfigurationRoot ReadFile(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            IConfigurationRoot file = new ConfigurationBuilder().AddJsonStream(stream).Build();
            RequireKnownKeys(file, path);
            return file;
        }
        catch (Exception malformed) when (malformed is FormatException or JsonException)
        {
            throw Bad($"{path} is not valid JSON: {malformed.Message}", "correct the file", malformed);
        }
    }

    private static IConfigurationRoot ReadEnvironment(IReadOnlyDictionary<string, string> environment)
    {
        // Only names with a level: CHECKPOINTER_STORE is the directory of the store and no section.
        IEnumerable<KeyValuePair<string, string?>> pairs = environment
            .Where(pair => pair.Key.StartsWith(EnvironmentPrefix, StringComparison.Ordinal)
                && pair.Key.Contains(LevelSeparator, StringComparison.Ordinal))
            .Select(pair => KeyValuePair.Create(
                pair.Key[EnvironmentPrefix.Length..].Replace(LevelSeparator, ":", StringComparison.Ordinal),
                (string?)pair.Value));
        IConfigurationRoot variables = new ConfigurationBuilder().AddInMemoryCollection(pairs).Build();
        RequireKnownKeys(variables, $"the environment ({EnvironmentPrefix}*)");
        return variables;
    }

    private static void RequireKnownKeys(IConfigurationRoot configuration, string source)
    {
        foreach (IConfigurationSection section in configuration.GetChildren())
        {
            Type options = section.Key.ToUpperInvariant() switch
            {
                "ENGINE" => typeof(EngineOptions),
                "STORE" => typeof(StoreOptions),
                "POLICIES" => typeof(PolicySettings),
                "DAEMON" => typeof(DaemonOptions),
                "UPKEEP" => typeof(UpkeepOptions),
                "STATUS" => typeof(StatusSettings),
                _ => throw Bad(
                    $"unknown section {section.Key} in {source}",
                    $"sections are {EngineOptions.Section}, {StoreOptions.Section}, {PolicySettings.Section}, {DaemonOptions.Section}, {UpkeepOptions.Section} and {StatusSettings.Section}"),
            };
            RequireKnownKeys(section, options, source);
        }
    }

    private static void RequireKnownKeys(IConfigurationSection section, Type options, string source)
    {
        string[] known = [.. options.GetProperties().Select(property => property.Name)];
        foreach (IConfigurationSection key in section.GetChildren())
        {
            if (!known.Contains(key.Key, StringComparer.OrdinalIgnoreCase))
            {
                throw Bad(
                    $"unknown key {key.Key} in section {section.Key} of {source}",
                    $"keys of {section.Key} are {string.Join(", ", known)}");
            }
        }

        if (section.Value is not null)
        {
            throw Bad($"section {section.Key} of {source} holds a value, not keys", $"keys are {string.Join(", ", known)}");
        }
    }

    private static T Bind<T>(IConfigurationRoot configuration, string section)
        where T : new()
    {
        var options = new T();
        try
        {
            configuration.GetSection(section).Bind(options);
        }
        catch (InvalidOperationException unconvertible)
        {
            throw Bad(unconvertible.Message, "correct the value; durations are hh:mm:ss, sizes are bytes", unconvertible);
        }

        var failures = new List<ValidationResult>();
        if (!Validator.TryValidateObject(options, new ValidationContext(options), failures, validateAllProperties: true))
        {
            string all = string.Join(" ", failures.Select(failure => failure.ErrorMessage));
            throw Bad($"section {section} of the configuration: {all}", "correct the value");
        }

        return options;
    }

    private static SchedulerException Bad(string message, string hint, Exception? inner = null)
        => new(SchedulerFailure.BadConfiguration, message, hint, inner);
}
