using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Moves descriptors of ours into a process under restore. Keeps account of its descriptor numbers, because the kernel always gives the
/// lowest free one. Precondition: the process has no descriptor open.
/// </summary>
internal sealed class DescriptorTransfer(RestoredProcess process)
{
    private readonly SortedSet<int> _used = [];
    private SyscallBatch _batch = new();
    private int _pidfd = -1;

    /// <summary>Opens the way to us; <paramref name="number"/> must be one that the job does not use.</summary>
    public void Open(int number)
    {
        var lowest = Take();
        _batch.Add($"pidfd_open in process {process.Id}", Sys.PidfdOpen, [(ulong)Libc.getpid(), 0], (ulong)lowest);
        Move(lowest, number);
        _pidfd = number;
    }

    /// <summary>Takes a descriptor over; returns its number, the lowest free one. It is close-on-exec.</summary>
    public int Take(SafeFd ours, string name)
    {
        var number = Take();
        _batch.Add($"pidfd_getfd of {name} in process {process.Id}", Sys.PidfdGetfd, [(ulong)_pidfd, (ulong)ours.Number, 0], (ulong)number);
        return number;
    }

    /// <summary>Gives a descriptor a second number.</summary>
    public void Duplicate(int number, int target, bool closeOnExec)
    {
        _batch.Add($"dup3 in process {process.Id}", Sys.Dup3, [(ulong)number, (ulong)target, closeOnExec ? (ulong)FileFlag.O_CLOEXEC : 0], (ulong)target);
        _used.Add(target);
    }

    /// <summary>Gives a descriptor the lowest free number too, and returns it.</summary>
    public int Duplicate(int number, bool closeOnExec)
    {
        var target = Take();
        Duplicate(number, target, closeOnExec);
        return target;
    }

    /// <summary>Adds a call between those that move descriptors.</summary>
    public void Call(string what, Sys number, ReadOnlySpan<ulong> arguments, ulong? expected = null) => _batch.Add(what, number, arguments, expected);

    /// <summary>Makes all calls so far.</summary>
    public void Run()
    {
        process.Run(_batch);
        _batch = new SyscallBatch();
    }

    /// <summary>Sets or clears close-on-exec.</summary>
    public void SetCloseOnExec(int number, bool closeOnExec) =>
        _batch.Add($"fcntl(F_SETFD) in process {process.Id}", Sys.Fcntl, [(ulong)number, FileFlag.F_SETFD, closeOnExec ? 1ul : 0ul]);

    /// <summary>Closes a descriptor.</summary>
    public void Close(int number)
    {
        _batch.Add($"close in process {process.Id}", Sys.Close, [(ulong)number]);
        _used.Remove(number);
    }

    /// <summary>Closes the way to us.</summary>
    public void Close() => Close(_pidfd);

    private void Move(int number, int target)
    {
        if (number != target)
        {
            Duplicate(number, target, closeOnExec: true);
            Close(number);
        }
    }

    private int Take()
    {
        var number = 0;
        while (_used.Contains(number))
        {
            number++;
        }

        _used.Add(number);
        return number;
    }
}
