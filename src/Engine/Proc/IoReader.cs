namespace Checkpointer.Engine.Proc;

/// <summary>Reads /proc/PID/io.</summary>
internal static class IoReader
{
    private const string File = "io";

    /// <summary>The line <c>read_bytes</c>.</summary>
    /// <exception cref="ProcFormatException">It is missing or malformed.</exception>
    public static Counter ParseReadBytes(ReadOnlySpan<byte> text)
    {
        for (var lines = new LineReader(text); !lines.AtEnd;)
        {
            ReadOnlySpan<byte> line = lines.Next();
            if (line.StartsWith("read_bytes: "u8))
            {
                var fields = new FieldReader(File, line);
                fields.Until((byte)':', "key"u8);
                return new Counter(fields.Decimal<ulong>("read_bytes"u8));
            }
        }

        throw ProcFormatException.NoLine(File, "read_bytes"u8);
    }
}

/// <summary>A number that only grows.</summary>
/// <param name="Value">The number.</param>
internal sealed record Counter(ulong Value);
