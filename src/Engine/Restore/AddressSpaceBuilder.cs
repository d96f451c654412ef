using System.Runtime.CompilerServices;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Checkpointer.Engine.Tracking;
using Task = Checkpointer.Engine.Interop.Task;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Replaces the address space of a process under restore, which is still that of the stub or of its maker, by the one of its image. The gate and what can stay
/// of the maker's are the only things that are in both; the gate goes last.
/// </summary>
internal sealed class AddressSpaceBuilder(RestoredProcess process, OpenedFiles opened, SharedObjects shared, VdsoReplacement? vdso)
{
    // Descriptors taken over at a time; below any usual RLIMIT_NOFILE.
    private const int FilesPerRound = 200;

    private static readonly bool _hasDroppable = Environment.OSVersion.Version >= new Version(6, 11);

    private readonly AddressSpace _space = process.Images.Space;

    /// <summary>Builds the mappings but those of System V segments and rings of asynchronous I/O, without contents. Leaves no descriptor open.</summary>
    /// <param name="kept">Those that are there already.</param>
    public void BuildMappings(PageSet kept)
    {
        UnmapOthers(kept);
        var mappings = _space.Mappings
            .Where(mapping => IsMapped(mapping) && mapping.Kind != Mapping.Types.Kind.Vdso
                && !kept.Within(new PageRange(mapping.Start, mapping.End)).Any()).ToList();
        for (var start = 0; start < mappings.Count;)
        {
            start = MapRound(mappings, start);
        }
    }

    /// <summary>Tells the kernel where code, data, heap, stack, arguments and the executable are (prctl(PR_SET_MM_MAP)). Leaves no descriptor open.</summary>
    public void SetMemoryMap()
    {
        var transfer = new DescriptorTransfer(process);
        transfer.Open(0);
        var path = process.Images.Process.Executable.ToStringUtf8();
        var memory = process.Images.Process.ExecutableMemory;
        // The kernel takes no other file, nor the same again, while the executable that there was is mapped (EBUSY).
        var executable = process.Inherited?.Executable == path
            ? -1
            : transfer.Take(opened.OpenShared(memory != 0 ? shared.PathOf(memory) : path, FileFlag.O_RDONLY), path);
        var auxiliaryVector = process.Arguments + (ulong)Unsafe.SizeOf<prctl_mm_map>();
        process.Memory.Write(process.Arguments, MemoryMapOf(_space, auxiliaryVector, executable));
        process.Memory.Write(auxiliaryVector, _space.AuxiliaryVector.Span);
        transfer.Call(
            $"prctl(PR_SET_MM_MAP) of process {process.Id}", Sys.Prctl,
            [Task.PR_SET_MM, Task.PR_SET_MM_MAP, process.Arguments.Address, (ulong)Unsafe.SizeOf<prctl_mm_map>(), 0]);
        transfer.Call("close_range", Sys.CloseRange, [0, uint.MaxValue, 0]);
        transfer.Run();
    }

    /// <summary>True for what is made by mmap(2), as opposed to System V segments and rings of asynchronous I/O.</summary>
    public static bool IsMapped(Mapping mapping) => mapping.Kind is not (Mapping.Types.Kind.SystemV or Mapping.Types.Kind.AioRing);

    /// <summary>Sets what mappings have beyond bounds and protection.</summary>
    public void Advise(Func<Mapping, bool> which)
    {
        var batch = new SyscallBatch();
        foreach (var mapping in AsTheyWere.Where(which))
        {
            var flags = (VmaFlags)mapping.Flags;
            foreach (var (flag, advice) in MappingAdvice.All)
            {
                if (flags.HasFlag(flag))
                {
                    Add(batch, $"madvise({advice})", Sys.Madvise, mapping, (ulong)advice);
                }
            }
        }

        process.Run(batch);
    }

    /// <summary>Installs guard pages, locks memory and names it; after the contents are there.</summary>
    public void Complete()
    {
        var batch = new SyscallBatch();
        foreach (var guard in _space.Guards)
        {
            batch.Add(
                $"madvise(MADV_GUARD_INSTALL) at 0x{guard.Start:x} in process {process.Id}", Sys.Madvise, [guard.Start, guard.End - guard.Start, Memory.MADV_GUARD_INSTALL]);
        }

        foreach (var mapping in AsTheyWere.Where(mapping => ((VmaFlags)mapping.Flags).HasFlag(VmaFlags.Locked)))
        {
            Add(batch, "mlock2", Sys.Mlock2, mapping, ((VmaFlags)mapping.Flags).HasFlag(VmaFlags.LockOnFault) ? (ulong)Memory.MLOCK_ONFAULT : 0);
        }

        process.Run(batch);
        foreach (var mapping in _space.Mappings.Where(mapping => mapping.AnonymousName.Length > 0))
        {
            process.Memory.Write(process.Arguments, System.Text.Encoding.UTF8.GetBytes(mapping.AnonymousName + '\0'));
            process.Call(
                "prctl(PR_SET_VMA)", Sys.Prctl, Task.PR_SET_VMA, Task.PR_SET_VMA_ANON_NAME, mapping.Start, mapping.End - mapping.Start, process.Arguments.Address);
        }
    }

    /// <summary>All mappings but those of a vDSO that was replaced.</summary>
    private IEnumerable<Mapping> AsTheyWere => _space.Mappings.Where(mapping => vdso is null || mapping.Kind != Mapping.Types.Kind.Vdso);

    private void UnmapOthers(PageSet kept)
    {
        var gate = process.Gate.Base.Address;
        var batch = new SyscallBatch();
        var kernelParts = new List<Vma>();
        var others = new List<PageRange>();
        foreach (var vma in ProcFs.Maps(process.Id).Where(vma => !vma.IsVsyscall && (vma.End <= gate || vma.Start >= gate + TreeBuilder.HoleBytes)))
        {
            if (vma.IsVdso || vma.IsVvar)
            {
                kernelParts.Add(vma);
                continue;
            }

            others.Add(new PageRange(vma.Start, vma.End));
        }

        foreach (var range in PageSet.Of(others).Except(kept).Ranges)
        {
            batch.Add($"munmap of what was in process {process.Id}", Sys.Munmap, [range.Start, range.Bytes]);
        }

        if (vdso is null)
        {
            MoveKernelParts(batch, kernelParts);
            process.Run(batch);
        }
        else
        {
            ReplaceKernelParts(batch, kernelParts, vdso);
        }
    }

    /// <summary>Puts this kernel's vDSO where nothing else is, and what the job keeps of its own to where it was.</summary>
    private void ReplaceKernelParts(SyscallBatch batch, List<Vma> parts, VdsoReplacement replacement)
    {
        var old = _space.Mappings.FirstOrDefault(mapping => mapping.Kind == Mapping.Types.Kind.Vdso && mapping.Path.ToStringUtf8() == "[vdso]");
        var place = replacement.Place;
        foreach (var part in parts)
        {
            if (old is null)
            {
                batch.Add($"munmap of {part.Path}", Sys.Munmap, [part.Start, part.Bytes]);
            }
            else if (part.Start != place)
            {
                AddMove(batch, part.Path, part.Start, place, part.Bytes);
            }

            place += part.Bytes;
        }

        if (old is not null)
        {
            batch.Add(
                $"mmap of the old vDSO in process {process.Id}", Sys.Mmap,
                [old.Start, old.End - old.Start, Memory.PROT_READ | Memory.PROT_EXEC, (ulong)(Memory.MAP_PRIVATE | Memory.MAP_ANONYMOUS | Memory.MAP_FIXED_NOREPLACE), ulong.MaxValue, 0],
                old.Start);
        }

        process.Run(batch);
        if (old is not null)
        {
            process.Memory.Write(new RemotePtr(old.Start), replacement.Code);
        }
    }

    /// <summary>Moves the vDSO and its data, through the parking area because old and new places may overlap.</summary>
    private void MoveKernelParts(SyscallBatch batch, List<Vma> parts)
    {
        var wanted = _space.Mappings.Where(mapping => mapping.Kind == Mapping.Types.Kind.Vdso).ToList();
        var isSameLayout = wanted.Count == parts.Count
            && wanted.Zip(parts).All(pair => pair.First.Path.ToStringUtf8() == pair.Second.Path && pair.First.End - pair.First.Start == pair.Second.Bytes);
        if (wanted.Count > 0 && !isSameLayout)
        {
            throw new EngineException(
                EngineFailure.WorldChanged,
                $"The vDSO of this kernel ({Describe(parts.Select(part => (part.Path, part.Bytes)))}) is laid out differently from the one in the generation ({Describe(wanted.Select(part => (part.Path.ToStringUtf8(), part.End - part.Start)))}).",
                "restore under the kernel that the job was dumped under");
        }

        if (wanted.Count > 0 && wanted.Zip(parts).All(pair => pair.First.Start == pair.Second.Start))
        {
            return;
        }

        var parking = (process.Gate.Base + Gate.Bytes).Address;
        foreach (var part in parts)
        {
            if (wanted.Count == 0)
            {
                batch.Add($"munmap of {part.Path}", Sys.Munmap, [part.Start, part.Bytes]);
                continue;
            }

            AddMove(batch, part.Path, part.Start, parking, part.Bytes);
            parking += part.Bytes;
        }

        parking = (process.Gate.Base + Gate.Bytes).Address;
        foreach (var mapping in wanted)
        {
            AddMove(batch, mapping.Path.ToStringUtf8(), parking, mapping.Start, mapping.End - mapping.Start);
            parking += mapping.End - mapping.Start;
        }
    }

    private static void AddMove(SyscallBatch batch, string what, ulong from, ulong to, ulong bytes) =>
        batch.Add($"mremap of {what}", Sys.Mremap, [from, bytes, bytes, Memory.MREMAP_MAYMOVE | Memory.MREMAP_FIXED, to], to);

    private static string Describe(IEnumerable<(string Name, ulong Bytes)> parts) =>
        string.Join(' ', parts.Select(part => $"{part.Name}:{part.Bytes}"));

    private int MapRound(List<Mapping> mappings, int start)
    {
        var transfer = new DescriptorTransfer(process);
        transfer.Open(0);
        var numbers = new Dictionary<SafeFd, int>();
        var index = start;
        for (; index < mappings.Count; index++)
        {
            var mapping = mappings[index];
            var number = -1;
            if (FileOf(mapping) is { } file && !numbers.TryGetValue(file, out number))
            {
                if (numbers.Count == FilesPerRound)
                {
                    break;
                }

                number = transfer.Take(file, mapping.Path.ToStringUtf8());
                numbers.Add(file, number);
            }

            AddMapping(transfer, mapping, number);
        }

        transfer.Call("close_range", Sys.CloseRange, [0, uint.MaxValue, 0]);
        transfer.Run();
        return index;
    }

    private SafeFd? FileOf(Mapping mapping) => mapping.Kind switch
    {
        Mapping.Types.Kind.SharedAnonymous => shared[mapping.SharedMemory],
        Mapping.Types.Kind.File when shared.IsMappedBySelf(mapping) => shared[mapping.SharedMemory],
        Mapping.Types.Kind.File => opened.OpenShared(
            mapping is { SharedMemory: not 0, CarriesContents: false } ? shared.PathOf(mapping.SharedMemory) : mapping.Path.ToStringUtf8(),
            mapping.FileWritable ? FileFlag.O_RDWR : FileFlag.O_RDONLY),
        _ => null,
    };

    private void AddMapping(DescriptorTransfer transfer, Mapping mapping, int descriptor)
    {
        // An older kernel drops nothing; it wipes the memory at a fork, as the flags of the mapping say.
        var isDroppable = ((VmaFlags)mapping.Flags).HasFlag(VmaFlags.Droppable) && _hasDroppable;
        var flags = Memory.MAP_FIXED_NOREPLACE | (mapping.IsShared ? Memory.MAP_SHARED : isDroppable ? Memory.MAP_DROPPABLE : Memory.MAP_PRIVATE);
        flags |= descriptor < 0 ? (int)HugePages.Flag(mapping.HugePageBytes, Memory.MAP_HUGETLB) : 0;
        flags |= descriptor < 0 ? Memory.MAP_ANONYMOUS : 0;
        flags |= ((VmaFlags)mapping.Flags).HasFlag(VmaFlags.GrowsDown) ? Memory.MAP_GROWSDOWN : 0;
        flags |= ((VmaFlags)mapping.Flags).HasFlag(VmaFlags.NoReserve) ? Memory.MAP_NORESERVE : 0;
        var bytes = mapping.End - mapping.Start;
        transfer.Call(
            $"mmap of 0x{mapping.Start:x}-0x{mapping.End:x} {mapping.Path.ToStringUtf8()} in process {process.Id}",
            Sys.Mmap,
            [mapping.Start, bytes, mapping.Protection, (ulong)flags, descriptor < 0 ? ulong.MaxValue : (ulong)descriptor, descriptor < 0 ? 0 : mapping.Offset],
            mapping.Start);
    }

    private void Add(SyscallBatch batch, string what, Sys number, Mapping mapping, ulong argument) =>
        batch.Add($"{what} of 0x{mapping.Start:x}-0x{mapping.End:x} in process {process.Id}", number, [mapping.Start, mapping.End - mapping.Start, argument]);

    private static prctl_mm_map MemoryMapOf(AddressSpace space, RemotePtr auxiliaryVector, int executable) => new()
    {
        start_code = space.StartCode,
        end_code = space.EndCode,
        start_data = space.StartData,
        end_data = space.EndData,
        start_brk = space.StartBrk,
        brk = space.Brk,
        start_stack = space.StartStack,
        arg_start = space.ArgStart,
        arg_end = space.ArgEnd,
        env_start = space.EnvStart,
        env_end = space.EnvEnd,
        auxv = auxiliaryVector.Address,
        auxv_size = (uint)space.AuxiliaryVector.Length,
        exe_fd = executable,
    };
}
