using System.Globalization;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Compares restored processes, before any of them runs, with the images that they were made from: threads, descriptors, mappings, and each byte of memory. What the kernel tells of them is
/// asked, not what the builders think. Precondition: on the tracer thread that made them.
/// </summary>
internal sealed class RestoredCheck(GenerationImages images, IReadOnlyList<RestoredProcess> processes, ICheckpointSource source)
{
    // A few say what is wrong; a page that is in the wrong place is followed by all others.
    private const int DifferencesMax = 20;
    private const int PageBytes = 4096;
    private const uint RseqBytesMin = 32; // struct rseq, its first version

    // What the open of a descriptor decides, or cannot change again.
    private const int ComparedFlags = FileFlag.O_ACCMODE | FileFlag.O_APPEND | FileFlag.O_NONBLOCK | FileFlag.O_DIRECT | FileFlag.O_PATH;

    private readonly List<string> _differences = [];
    private byte[] _buffer = [];
    private int _threads;
    private int _descriptors;
    private long _bytes;

    /// <summary>Compares all.</summary>
    public RehearsalReport Run(CancellationToken cancellation)
    {
        foreach (var process in processes)
        {
            CompareThreads(process);
            CompareDescriptors(process);
            CompareMappings(process);
            var moving = process.Images.Process.Threads.Where(thread => thread.RseqAddress != 0)
                .Select(thread => (Start: thread.RseqAddress, End: thread.RseqAddress + Math.Max(thread.RseqBytes, RseqBytesMin))).ToList();
            source.ReadPages(ImageVersion.Memory(process.Id.Value), (address, pages) =>
            {
                cancellation.ThrowIfCancellationRequested();
                Compare(process, address, pages, moving);
            });
        }

        foreach (var shared in images.Inventory.SharedMemory.Where(shared => shared.Kind != SharedMemory.Types.Kind.File))
        {
            CompareShared(shared, cancellation);
        }

        return new RehearsalReport(processes.Count, _threads, _descriptors, _bytes, _differences, [], []);
    }

    private void CompareThreads(RestoredProcess process)
    {
        var wanted = process.Images.Process.Threads.Select(thread => thread.Tid).Concat(process.Images.Process.ExitedLeader is null ? [] : [process.Id.Value]).Order().ToList();
        var found = ProcFs.Threads(process.Id).Select(thread => thread.Value).Order().ToList();
        if (!wanted.SequenceEqual(found))
        {
            Differs($"process {process.Id} has the threads {Join(found)} and not {Join(wanted)}");
            return;
        }

        foreach (var (tracee, image) in process.Threads.Zip(process.Images.Process.Threads))
        {
            var (there, then) = (tracee.GetRegisters(), CoreImage.Registers(image.CoreX64));
            var isSame = there.InstructionPointer == then.InstructionPointer && there.StackPointer == then.StackPointer && there.ThreadPointer == then.ThreadPointer
                && there.Result == then.Result && there.Argument1 == then.Argument1 && there.Argument2 == then.Argument2 && there.Argument3 == then.Argument3;
            if (!isSame || tracee.GetSignalMask() != image.SignalMask)
            {
                Differs($"thread {image.Tid} of process {process.Id} has other registers or another signal mask");
            }

            _threads++;
        }
    }

    private void CompareDescriptors(RestoredProcess process)
    {
        if (process.BorrowsFiles)
        {
            return;
        }

        var table = images.Files.Tables.FirstOrDefault(table => table.Pid == process.Id.Value)?.Descriptors.ToDictionary(entry => entry.Number) ?? [];
        var shown = Shown(process);
        var found = ProcFs.FileDescriptors(shown).Order().ToList();
        if (!table.Keys.Order().SequenceEqual(found))
        {
            Differs($"process {process.Id} has the descriptors {Join(found)} and not {Join(table.Keys.Order())}");
            return;
        }

        var files = images.Files.OpenFiles.ToDictionary(file => file.Id);
        foreach (var number in found)
        {
            var (file, info) = (files[table[number].OpenFile], ProcFs.FdInfo(shown, number));
            var hasPosition = file.Kind == OpenFile.Types.Kind.Regular && ((int)file.Flags & FileFlag.O_PATH) == 0;
            if ((hasPosition && info.Position != file.Position) || (info.Flags & ComparedFlags) != ((int)file.Flags & ComparedFlags))
            {
                Differs(string.Create(
                    CultureInfo.InvariantCulture, $"descriptor {number} of process {process.Id} is at {info.Position} with flags {info.Flags:x}, and was at {file.Position} with {file.Flags:x}"));
            }

            _descriptors++;
        }
    }

    private void CompareMappings(RestoredProcess process)
    {
        var vmas = ProcFs.Maps(Shown(process));
        foreach (var mapping in process.Images.Space.Mappings.Where(mapping => mapping.Kind != Mapping.Types.Kind.Vdso))
        {
            var at = mapping.Start;
            foreach (var vma in vmas.Where(vma => vma.End > mapping.Start && vma.Start < mapping.End))
            {
                if (vma.Start > at || vma.IsShared != mapping.IsShared || ProtectionOf(vma) != mapping.Protection)
                {
                    break;
                }

                at = vma.End;
            }

            if (at < mapping.End)
            {
                Differs($"the mapping 0x{mapping.Start:x}-0x{mapping.End:x} of process {process.Id} is not there as it was, from 0x{at:x} on");
            }
        }
    }

    /// <summary>Under whose number the kernel shows what its threads share: not that of a main thread that has ended.</summary>
    private static ProcessId Shown(RestoredProcess process) => new(process.Leader.Thread.Value);

    private static uint ProtectionOf(Vma vma) =>
        (uint)((vma.Readable ? Memory.PROT_READ : 0) | (vma.Writable ? Memory.PROT_WRITE : 0) | (vma.Executable ? Memory.PROT_EXEC : 0));

    /// <summary>Through whoever has the object mapped shared, without pages of its own; what nobody maps so is not compared.</summary>
    private void CompareShared(SharedMemory shared, CancellationToken cancellation)
    {
        var mapped = processes.SelectMany(process => process.Images.Space.Mappings.Where(mapping => mapping.IsShared && mapping.SharedMemory == shared.Id).Select(mapping => (process, mapping))).ToList();
        source.ReadPages(ImageVersion.Shared(shared.Id), (offset, pages) =>
        {
            cancellation.ThrowIfCancellationRequested();
            for (var done = 0; done < pages.Length;)
            {
                var at = offset + (ulong)done;
                var (process, mapping) = mapped.FirstOrDefault(one => one.mapping.Offset <= at && at < one.mapping.Offset + (one.mapping.End - one.mapping.Start));
                var length = process is null ? PageBytes : (int)Math.Min((ulong)(pages.Length - done), mapping.Offset + (mapping.End - mapping.Start) - at);
                length = Math.Min(length, pages.Length - done);
                if (process is not null)
                {
                    Compare(process, mapping.Start + (at - mapping.Offset), pages.Slice(done, length), []);
                }

                done += length;
            }
        });
    }

    /// <param name="process">Whose memory.</param>
    /// <param name="address">Where.</param>
    /// <param name="pages">What it should be.</param>
    /// <param name="moving">What the kernel writes on the way out of each system call: areas of rseq(2).</param>
    private void Compare(RestoredProcess process, ulong address, ReadOnlySpan<byte> pages, List<(ulong Start, ulong End)> moving)
    {
        if (_buffer.Length < pages.Length)
        {
            _buffer = new byte[pages.Length];
        }

        var found = _buffer.AsSpan(0, pages.Length);
        var read = process.Memory.TryRead(new RemotePtr(address), found);
        for (var at = 0; at < pages.Length;)
        {
            var same = found[at..read].CommonPrefixLength(pages[at..]);
            at += same;
            _bytes += same;
            if (at == pages.Length)
            {
                return;
            }

            var there = address + (ulong)at;
            if (moving.FirstOrDefault(area => area.Start <= there && there < area.End) is not { End: > 0 } area)
            {
                Differs($"memory of process {process.Id} at 0x{there:x} {(at < read ? "is not what it was" : "cannot be read")}");
                return;
            }

            at = (int)Math.Min((ulong)pages.Length, area.End - address);
        }
    }

    private void Differs(string sentence)
    {
        if (_differences.Count < DifferencesMax)
        {
            _differences.Add(sentence);
        }
    }

    private static string Join(IEnumerable<int> numbers) => string.Join(' ', numbers);
}
