using System.Text;

namespace Checkpointer.Engine.Proc;

/// <summary>A /proc file does not look as this reader knows it: a kernel that we do not understand, never a dead process.</summary>
internal sealed class ProcFormatException : EngineException
{
    /// <summary>Bytes of the offending line that are shown; enough for any line but one with a long path.</summary>
    private const int ShownBytesMax = 256;

    private ProcFormatException(string file, string line, string problem)
        : base(EngineFailure.Failed, $"/proc file {file}: {problem} in line \"{line}\"",
            "this kernel writes the file in another form: report the line and `uname -r`")
    {
        File = file;
        Line = line;
    }

    /// <summary>Name of the file below /proc/PID, such as <c>stat</c>.</summary>
    public string File { get; }

    /// <summary>The offending line, its start only where it is long, with control characters shown as <c>?</c>.</summary>
    public string Line { get; }

    /// <summary>A known field that is absent or unreadable.</summary>
    public static ProcFormatException BadField(string file, ReadOnlySpan<byte> line, ReadOnlySpan<byte> field)
        => new(file, Shown(line), $"field `{Encoding.ASCII.GetString(field)}` is missing or malformed");

    /// <summary>A line that should be there and is not.</summary>
    public static ProcFormatException NoLine(string file, ReadOnlySpan<byte> key)
        => new(file, "", $"no line `{Encoding.ASCII.GetString(key)}`");

    private static string Shown(ReadOnlySpan<byte> line)
        => ProcText.ForPeople(line[..Math.Min(line.Length, ShownBytesMax)]);
}
