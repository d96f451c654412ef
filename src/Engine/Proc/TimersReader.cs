namespace Checkpointer.Engine.Proc;

/// <summary>Reads /proc/PID/timers: blocks of four lines (fs/proc/base.c, show_timer).</summary>
internal static class TimersReader
{
    private const string File = "timers";

    /// <summary>Parses the whole file; empty for a process without POSIX timers.</summary>
    /// <exception cref="ProcFormatException">A known line is malformed, missing or out of order.</exception>
    public static IReadOnlyList<PosixTimer> Parse(ReadOnlySpan<byte> text)
    {
        var timers = new List<PosixTimer>();
        var lines = new LineReader(text);
        while (!lines.AtEnd)
        {
            FieldReader id = Find(ref lines, "ID:"u8);
            FieldReader signal = Find(ref lines, "signal:"u8);
            FieldReader notify = Find(ref lines, "notify:"u8);
            FieldReader clock = Find(ref lines, "ClockID:"u8);
            timers.Add(ParseBlock(id, signal, notify, clock));
            SkipUnknown(ref lines);
        }

        return timers;
    }

    private static PosixTimer ParseBlock(FieldReader id, FieldReader signal, FieldReader notify, FieldReader clock)
    {
        int number = signal.Decimal<int>(signal.Until((byte)'/', "signal"u8).Trim((byte)' '), "signal"u8);
        TimerNotify kind = ParseNotify(ref notify);
        bool isThread = ParseTargetKind(ref notify);
        return new PosixTimer(
            id.Decimal<int>("ID"u8), number, signal.Hex<ulong>("signal value"u8), kind, isThread,
            notify.Decimal<int>("notify target"u8), clock.Decimal<int>("ClockID"u8));
    }

    private static TimerNotify ParseNotify(ref FieldReader fields)
    {
        ReadOnlySpan<byte> kind = fields.Until((byte)'/', "notify"u8).Trim((byte)' ');
        return kind.SequenceEqual("signal"u8) ? TimerNotify.Signal
            : kind.SequenceEqual("none"u8) ? TimerNotify.None
            : kind.SequenceEqual("thread"u8) ? TimerNotify.Thread
            : throw fields.Bad("notify"u8);
    }

    private static bool ParseTargetKind(ref FieldReader fields)
    {
        ReadOnlySpan<byte> kind = fields.Until((byte)'.', "notify target"u8);
        return kind.SequenceEqual("tid"u8) || (kind.SequenceEqual("pid"u8) ? false : throw fields.Bad("notify target"u8));
    }

    /// <summary>The value of the next line with this key. Lines that we do not know may stand in between, but no other timer.</summary>
    private static FieldReader Find(ref LineReader lines, ReadOnlySpan<byte> key)
    {
        while (!lines.AtEnd)
        {
            ReadOnlySpan<byte> line = lines.Next();
            var fields = new FieldReader(File, line);
            if (line.StartsWith(key))
            {
                fields.Until((byte)':', key);
                return fields;
            }

            if (line.StartsWith("ID:"u8))
            {
                throw fields.Bad(key);
            }
        }

        throw ProcFormatException.NoLine(File, key);
    }

    private static void SkipUnknown(ref LineReader lines)
    {
        while (!lines.AtEnd && !lines.NextStartsWith("ID:"u8))
        {
            lines.Next();
        }
    }
}
