using System.Globalization;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Sinks.SystemConsole.Themes;

namespace Checkpointer.Scheduler.Composition;

/// <summary>Logs on standard error, because standard output is for results.</summary>
internal static class StandardErrorLogging
{
    private const string Template = "{Timestamp:HH:mm:ss.fff} {Level:w4} {Message:lj}{NewLine}{Exception}";

    /// <summary>Warnings and worse; with <paramref name="verbose"/> from Debug on. The caller disposes the factory.</summary>
    public static ILoggerFactory Create(bool verbose)
        => new SerilogLoggerFactory(Configure(verbose ? LogEventLevel.Debug : LogEventLevel.Warning, Template).CreateLogger(), dispose: true);

    /// <summary>Standard error from a level on, of libraries from warnings on.</summary>
    public static LoggerConfiguration Configure(LogEventLevel level, string template) => new LoggerConfiguration()
        .MinimumLevel.Is(level)
        .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
        .Enrich.FromLogContext()
        .WriteTo.Console(
            outputTemplate: template,
            formatProvider: CultureInfo.InvariantCulture,
            standardErrorFromLevel: LevelAlias.Minimum,
            theme: ConsoleTheme.None);
}
