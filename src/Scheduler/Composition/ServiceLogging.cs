using System.Globalization;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;

namespace Checkpointer.Scheduler.Composition;

/// <summary>Logs of the service: on standard error, which the journal takes, and in a file where one is named.</summary>
internal static class ServiceLogging
{
    private const string Template = "{Timestamp:yyyy-MM-dd HH:mm:ss.fff zzz} {Level:w4} {Message:lj}{NewLine}{Exception}";
    private const int FilesKept = 14;

    /// <summary>What matters to an administrator; with <paramref name="isVerbose"/> from Debug on. The caller disposes the factory.</summary>
    public static ILoggerFactory Create(bool isVerbose, string file)
    {
        LoggerConfiguration configuration = StandardErrorLogging.Configure(isVerbose ? LogEventLevel.Debug : LogEventLevel.Information, Template)
            .MinimumLevel.Override("Quartz", LogEventLevel.Warning);
        if (file.Length > 0)
        {
            configuration = configuration.WriteTo.File(
                file, outputTemplate: Template, formatProvider: CultureInfo.InvariantCulture, rollingInterval: RollingInterval.Day, retainedFileCountLimit: FilesKept);
        }

        return new SerilogLoggerFactory(configuration.CreateLogger(), dispose: true);
    }
}
