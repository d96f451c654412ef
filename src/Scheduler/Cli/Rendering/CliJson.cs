using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Checkpointer.Scheduler.Control;

namespace Checkpointer.Scheduler.Cli.Rendering;

/// <summary>The objects of <c>--json</c>. Every field is always there, null where it is not known, so that programs need not ask.</summary>
[JsonSerializable(typeof(ErrorLine))]
[JsonSerializable(typeof(CapabilityLine))]
[JsonSerializable(typeof(CheckLine))]
[JsonSerializable(typeof(RegisterLine))]
[JsonSerializable(typeof(UnregisterLine))]
[JsonSerializable(typeof(JobLine))]
[JsonSerializable(typeof(DumpLine))]
[JsonSerializable(typeof(GenerationLine))]
[JsonSerializable(typeof(ShowLine))]
[JsonSerializable(typeof(RecoverLine))]
[JsonSerializable(typeof(RehearseLine))]
[JsonSerializable(typeof(VerifyLine))]
[JsonSerializable(typeof(StatsLine))]
[JsonSerializable(typeof(ForgetLine))]
[JsonSerializable(typeof(PinLine))]
[JsonSerializable(typeof(GcLine))]
[JsonSerializable(typeof(StatusLine))]
[JsonSerializable(typeof(EventLine))]
[JsonSerializable(typeof(DaemonLine))]
[JsonSerializable(typeof(PauseLine))]
[JsonSerializable(typeof(RunLine))]
[JsonSerializable(typeof(RegisterWish))]
[JsonSerializable(typeof(DumpWish))]
[JsonSerializable(typeof(RecoverWish))]
[JsonSerializable(typeof(PolicyLine))]
[JsonSerializable(typeof(PolicyShowLine))]
[JsonSerializable(typeof(PolicyTestLine))]
[JsonSerializable(typeof(RepairLine))]
[JsonSerializable(typeof(DiffLine))]
[JsonSerializable(typeof(ExportLine))]
[JsonSerializable(typeof(ImportLine))]
[JsonSerializable(typeof(InitLine))]
[JsonSerializable(typeof(KeyFileLine))]
[JsonSerializable(typeof(KeyLine))]
internal sealed partial class CliJson : JsonSerializerContext
{
    /// <summary>The context with the names and escapes of the command line.</summary>
    public static CliJson Lines { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,

        // Lines are read by programs, never put into HTML: paths and quotes stay readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
