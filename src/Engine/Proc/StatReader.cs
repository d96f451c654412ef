using System.Numerics;
using System.Text;

namespace Checkpointer.Engine.Proc;

/// <summary>Reads /proc/PID/stat and /proc/PID/task/TID/stat.</summary>
internal static class StatReader
{
    private const string File = "stat";

    /// <summary>Parses the whole file.</summary>
    /// <exception cref="ProcFormatException">A known field is missing or malformed.</exception>
    public static ProcStat Parse(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> comm = FindComm(text, out ReadOnlySpan<byte> afterComm);
        var head = new FieldReader(File, text);
        var fields = new NumberedFields(afterComm);
        return new ProcStat
        {
            Pid = head.Decimal<int>("pid"u8),
            Comm = Encoding.UTF8.GetString(comm),
            CommBytes = comm.ToArray(),
            State = fields.State(),
            ParentPid = fields.At<int>(4, "ppid"u8),
            ProcessGroup = fields.At<int>(5, "pgrp"u8),
            Session = fields.At<int>(6, "session"u8),
            TtyNr = fields.At<int>(7, "tty_nr"u8),
            TtyForegroundGroup = fields.At<int>(8, "tpgid"u8),
            Flags = fields.At<uint>(9, "flags"u8),
            Nice = fields.At<int>(19, "nice"u8),
            ThreadCount = fields.At<int>(20, "num_threads"u8),
            StartTicks = fields.At<ulong>(22, "starttime"u8),
            StartCode = fields.At<ulong>(26, "startcode"u8),
            EndCode = fields.At<ulong>(27, "endcode"u8),
            StartStack = fields.At<ulong>(28, "startstack"u8),
            ExitSignal = fields.At<int>(38, "exit_signal"u8),
            RtPriority = fields.At<uint>(40, "rt_priority"u8),
            Policy = fields.At<uint>(41, "policy"u8),
            StartData = fields.At<ulong>(45, "start_data"u8),
            EndData = fields.At<ulong>(46, "end_data"u8),
            StartBrk = fields.At<ulong>(47, "start_brk"u8),
            ArgStart = fields.At<ulong>(48, "arg_start"u8),
            ArgEnd = fields.At<ulong>(49, "arg_end"u8),
            EnvStart = fields.At<ulong>(50, "env_start"u8),
            EnvEnd = fields.At<ulong>(51, "env_end"u8),
            ExitCode = fields.At<int>(52, "exit_code"u8),
        };
    }

    /// <summary>The name may hold anything, newlines and parentheses too; no later field holds a parenthesis.</summary>
    private static ReadOnlySpan<byte> FindComm(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> afterComm)
    {
        int open = text.IndexOf((byte)'(');
        int close = text.LastIndexOf((byte)')');
        if (open < 0 || close < open)
        {
            throw ProcFormatException.BadField(File, text, "comm"u8);
        }

        afterComm = text[(close + 1)..];
        return text[(open + 1)..close];
    }

    /// <summary>Fields by the numbers of man 5 proc_pid_stat; only forward.</summary>
    private ref struct NumberedFields(ReadOnlySpan<byte> afterComm)
    {
        private FieldReader _fields = new(File, afterComm);
        private int _next = 3;

        public char State()
        {
            ReadOnlySpan<byte> state = _fields.Word("state"u8);
            _next++;
            return state.Length == 1 && char.IsAsciiLetter((char)state[0]) ? (char)state[0] : throw _fields.Bad("state"u8);
        }

        public T At<T>(int number, ReadOnlySpan<byte> name)
            where T : struct, IBinaryInteger<T>
        {
            for (; _next < number; _next++)
            {
                _fields.Word(name);
            }

            _next++;
            return _fields.Decimal<T>(name);
        }
    }
}
