using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// What a job keeps of the vDSO of the kernel that it was dumped under, where this kernel has another: its code stays at its address, as memory of the job,
/// because the job knows its functions by address. Each begins with a jump to the same function of this kernel's vDSO, which is mapped elsewhere, or, where that has none, with the system call. Nothing else
/// of the old code is run any more; its data pages, whose layout is the old kernel's secret, are gone.
/// </summary>
internal sealed class VdsoReplacement
{
    // Far from where programs, heaps, libraries and stacks are, and from where a restore maps what it moves later.
    private const ulong LowestPlace = 0x7e00_0000_0000;
    private const ulong PlaceStep = 1ul << 21;

    // Enclaves are refused at the dump: their mappings are device memory.
    private const string NotNeeded = "__vdso_sgx_enter_enclave";

    private VdsoReplacement(ulong place, byte[] code) => (Place, Code) = (place, code);

    /// <summary>Where the vDSO of this kernel, its data pages first, goes in every process; free in all.</summary>
    public ulong Place { get; }

    /// <summary>The old code with jumps in it.</summary>
    public byte[] Code { get; }

    /// <summary>Looks at what this kernel gives a new process; null where that is what the job knows.</summary>
    /// <exception cref="EngineException">WorldChanged: the job needs what this kernel does not have.</exception>
    public static VdsoReplacement? For(GenerationImages images, IReadOnlyList<Vma> mappings, RemoteMemory memory)
    {
        var parts = mappings.Where(vma => vma.IsVdso || vma.IsVvar).ToList();
        var code = VdsoCode.CodeOf(mappings, memory);
        if (images.Inventory.VdsoSha256.IsEmpty || images.Inventory.VdsoSha256.Span.SequenceEqual(VdsoCode.Of(code)))
        {
            return null;
        }

        if (images.VdsoCode is not { } old || code.Length == 0)
        {
            throw Changed(images, "and the generation has none of its code", "boot that kernel and recover again");
        }

        if (ThreadInside(images) is { } thread)
        {
            throw Changed(images, $"and thread {thread} was dumped in the middle of its code", "restore another generation, or boot that kernel and recover again");
        }

        var place = FindPlace(images, parts.Aggregate(0ul, (bytes, part) => bytes + part.Bytes));
        var newCode = place + (parts.Single(part => part.IsVdso).Start - parts[0].Start);
        return new VdsoReplacement(place, Patch(images, old, VdsoImage.FunctionsOf(code), newCode));
    }

    /// <summary>A thread of a generation that is in the vDSO; null where none is.</summary>
    public static int? ThreadInside(GenerationImages images) => images.Processes
        .SelectMany(process => process.Process.Threads.Where(thread => IsInside(process.Space, CoreImage.Registers(thread.CoreX64).InstructionPointer.Address)))
        .Select(thread => (int?)thread.Tid).FirstOrDefault();

    private static bool IsInside(AddressSpace space, ulong address) =>
        space.Mappings.Any(mapping => mapping.Kind == Mapping.Types.Kind.Vdso && mapping.Start <= address && address < mapping.End);

    private static byte[] Patch(GenerationImages images, byte[] old, IReadOnlyDictionary<string, ulong> now, ulong newCode)
    {
        var patched = (byte[])old.Clone();
        var end = 0ul;
        foreach (var (name, offset) in VdsoImage.FunctionsOf(old).Where(function => function.Key != NotNeeded).OrderBy(function => function.Value))
        {
            var start = now.TryGetValue(name, out var target) ? VdsoJump.To(newCode + target) : VdsoJump.ToCall(name);
            if (start is null)
            {
                throw Changed(images, $"and this one has no {name}, which the job may call", "restore under a newer kernel");
            }

            Invariant.Require(offset >= end && offset + (ulong)start.Length <= (ulong)old.Length, $"{name} leaves no room for a jump");
            start.CopyTo(patched.AsSpan((int)offset));
            end = offset + (ulong)start.Length;
        }

        return patched;
    }

    private static ulong FindPlace(GenerationImages images, ulong bytes)
    {
        var place = LowestPlace;
        foreach (var mapping in images.Processes.SelectMany(process => process.Space.Mappings).Where(mapping => mapping.End > place).OrderBy(mapping => mapping.Start))
        {
            if (mapping.Start >= place + bytes)
            {
                break;
            }

            place = Math.Max(place, (mapping.End + PlaceStep - 1) / PlaceStep * PlaceStep);
        }

        return place;
    }

    private static EngineException Changed(GenerationImages images, string what, string hint) => new(
        EngineFailure.WorldChanged, $"The vDSO of this kernel is not the one that the job was dumped with (Linux {images.Inventory.KernelRelease}), {what}.", hint);
}
