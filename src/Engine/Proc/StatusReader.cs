using System.Text;

namespace Checkpointer.Engine.Proc;

/// <summary>Reads /proc/PID/status and /proc/PID/task/TID/status.</summary>
internal static class StatusReader
{
    /// <summary>Parses the whole file.</summary>
    /// <exception cref="ProcFormatException">A known line is malformed, or one that every kernel writes is missing.</exception>
    public static ProcStatus Parse(ReadOnlySpan<byte> text)
    {
        var lines = new StatusLines(text);
        return new ProcStatus
        {
            Name = UnescapeName(lines.Text("Name:"u8)),
            Umask = lines.TryFind("Umask:"u8, out FieldReader umask) ? umask.Octal("Umask"u8) : null,
            State = ParseState(lines.Find("State:"u8)),
            Tgid = lines.Number<int>("Tgid:"u8),
            Ngid = lines.NumberOrNull<int>("Ngid:"u8),
            Pid = lines.Number<int>("Pid:"u8),
            PPid = lines.Number<int>("PPid:"u8),
            TracerPid = lines.Number<int>("TracerPid:"u8),
            Uid = lines.Four("Uid:"u8),
            Gid = lines.Four("Gid:"u8),
            Groups = lines.Numbers<uint>("Groups:"u8),
            NSpid = lines.Numbers<int>("NSpid:"u8),
            Kthread = lines.FlagOrNull("Kthread:"u8),
            VmRssBytes = lines.KibibytesAsBytes("VmRSS:"u8),
            VmSwapBytes = lines.KibibytesAsBytes("VmSwap:"u8),
            ThpEnabled = lines.FlagOrNull("THP_enabled:"u8),
            Threads = lines.Number<int>("Threads:"u8),
            SigQ = ParseQueue(lines.Find("SigQ:"u8)),
            SigPnd = lines.Mask("SigPnd:"u8),
            ShdPnd = lines.Mask("ShdPnd:"u8),
            SigBlk = lines.Mask("SigBlk:"u8),
            SigIgn = lines.Mask("SigIgn:"u8),
            SigCgt = lines.Mask("SigCgt:"u8),
            CapInh = lines.Mask("CapInh:"u8),
            CapPrm = lines.Mask("CapPrm:"u8),
            CapEff = lines.Mask("CapEff:"u8),
            CapBnd = lines.Mask("CapBnd:"u8),
            CapAmb = lines.MaskOrNull("CapAmb:"u8),
            NoNewPrivs = lines.FlagOrNull("NoNewPrivs:"u8),
            Seccomp = lines.NumberOrNull<int>("Seccomp:"u8),
            SeccompFilters = lines.NumberOrNull<int>("Seccomp_filters:"u8),
        };
    }

    /// <summary>Undoes <c>\n</c> and <c>\\</c>, the only escapes of this line (fs/proc/array.c, proc_task_name).</summary>
    private static string UnescapeName(ReadOnlySpan<byte> text)
    {
        byte[] name = new byte[text.Length];
        int count = 0;
        for (int i = 0; i < text.Length; i++)
        {
            bool isEscape = text[i] == '\\' && i + 1 < text.Length && (text[i + 1] is (byte)'n' or (byte)'\\');
            name[count++] = !isEscape ? text[i] : text[++i] == 'n' ? (byte)'\n' : (byte)'\\';
        }

        return Encoding.UTF8.GetString(name, 0, count);
    }

    private static char ParseState(FieldReader fields)
    {
        char state = (char)fields.Word("State"u8)[0];
        return char.IsAsciiLetter(state) ? state : throw fields.Bad("State"u8);
    }

    private static SignalQueue ParseQueue(FieldReader fields)
    {
        ReadOnlySpan<byte> queued = fields.Until((byte)'/', "SigQ"u8).Trim(" \t"u8);
        return new SignalQueue(fields.Decimal<ulong>(queued, "SigQ"u8), fields.Decimal<ulong>("SigQ"u8));
    }
}
