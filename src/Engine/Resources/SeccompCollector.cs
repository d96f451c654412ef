using System.Runtime.InteropServices;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>Takes the seccomp filters of a frozen process; threads mostly have the same ones, which are stored once.</summary>
internal sealed class SeccompCollector(Process image, FindingList findings)
{
    private const int FilterMode = 2; // SECCOMP_MODE_FILTER

    /// <summary>Adds the filters of a thread to its image, which has the mode already.</summary>
    public void Collect(Tracee tracee, Images.Thread thread)
    {
        if (thread.SeccompMode == FilterMode)
        {
            thread.SeccompFilters.AddRange(tracee.GetSeccompFilters().Select(filter => IndexOf(filter.Program, filter.Flags)));
        }
    }

    private uint IndexOf(byte[] program, ulong flags)
    {
        for (var index = 0; index < image.SeccompFilters.Count; index++)
        {
            var known = image.SeccompFilters[index];
            if (known.Flags == flags && known.Program.Span.SequenceEqual(program))
            {
                return (uint)index;
            }
        }

        if (AsksASupervisor(program))
        {
            findings.Refuse(
                new ProcessId(image.Pid), "seccomp", $"Process {image.Pid} has a seccomp filter that asks a supervisor (SECCOMP_RET_USER_NOTIF); that is not carried.");
        }

        image.SeccompFilters.Add(new SeccompFilter { Program = ByteString.CopyFrom(program), Flags = flags });
        return (uint)image.SeccompFilters.Count - 1;
    }

    /// <summary>True where an instruction returns SECCOMP_RET_USER_NOTIF.</summary>
    private static bool AsksASupervisor(ReadOnlySpan<byte> program)
    {
        foreach (var instruction in MemoryMarshal.Cast<byte, sock_filter>(program))
        {
            if (instruction is { code: Seccomp.BPF_RET, k: Seccomp.SECCOMP_RET_USER_NOTIF })
            {
                return true;
            }
        }

        return false;
    }
}
