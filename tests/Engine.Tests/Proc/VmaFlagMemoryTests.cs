using System.Text;
using Checkpointer.Engine.Proc;
using Xunit;

namespace Checkpointer.Engine.Tests.Proc;

/// <summary>Flags of a moment ago are taken over only where the mapping is surely the same.</summary>
public sealed class VmaFlagMemoryTests
{
    private const string Heap = "1000-3000 rw-p 00000000 00:00 0 [heap]";
    private const string Code = "8000-a000 r-xp 00002000 08:01 77 /bin/x";

    [Fact]
    public void TryComplete_OfTheSameMappings_TakesTheirFlags()
    {
        var complete = VmaFlagMemory.TryComplete(Maps(Heap, Code), Smaps((Heap, "rd wr dc"), (Code, "rd ex")));

        Assert.Equal([VmaFlags.Read | VmaFlags.Write | VmaFlags.DontCopy, VmaFlags.Read | VmaFlags.Execute], complete!.Select(vma => vma.VmFlags));
    }

    [Theory]
    [InlineData("1000-5000 rw-p 00000000 00:00 0 [heap]")] // grown
    [InlineData("1000-2000 rw-p 00000000 00:00 0 [heap]")] // shrunk
    public void TryComplete_OfAMappingThatChangedItsSize_TakesTheFlags(string now)
    {
        Assert.NotNull(VmaFlagMemory.TryComplete(Maps(now), Smaps((Heap, "rd wr"))));
    }

    [Theory]
    [InlineData("5000-6000 rw-p 00000000 00:00 0")] // new
    [InlineData("1000-3000 r--p 00000000 00:00 0 [heap]")] // other protection
    [InlineData("1000-3000 rw-s 00000000 00:00 0 [heap]")] // shared
    [InlineData("1000-3000 rw-p 00000000 08:01 5 /f")] // a file
    [InlineData("8000-a000 r-xp 00003000 08:01 77 /bin/x")] // another part of the file
    [InlineData("8000-a000 r-xp 00002000 08:01 78 /bin/x")] // another file of that name
    public void TryComplete_OfAnyOtherMapping_GivesUp(string now)
    {
        Assert.Null(VmaFlagMemory.TryComplete(Maps(now), Smaps((Heap, "rd wr"), (Code, "rd ex"))));
    }

    [Fact]
    public void TryComplete_OfTwoJoinedMappingsWithDifferentFlags_GivesUp()
    {
        var earlier = Smaps(("1000-2000 rw-p 00000000 00:00 0", "rd wr dc"), ("2000-3000 rw-p 00000000 00:00 0", "rd wr"));

        Assert.Null(VmaFlagMemory.TryComplete(Maps("1000-3000 rw-p 00000000 00:00 0"), earlier));
    }

    [Fact]
    public void FindChanged_SeesOtherFlagsOfTheSameMapping()
    {
        var taken = Smaps((Heap, "rd wr"), (Code, "rd ex"));

        Assert.Equal(0x1000ul, VmaFlagMemory.FindChanged(taken, Smaps((Heap, "rd wr lo"), (Code, "rd ex")))!.Start);
        Assert.Null(VmaFlagMemory.FindChanged(taken, Smaps((Heap, "rd wr uw"), (Code, "rd ex"))));
        Assert.Null(VmaFlagMemory.FindChanged(taken, Smaps(("1000-4000 rw-p 00000000 00:00 0 [heap]", "rd wr lo"))));
    }

    private static IReadOnlyList<Vma> Maps(params string[] lines) =>
        SmapsReader.Parse(Encoding.ASCII.GetBytes(string.Concat(lines.Select(line => line + "\n"))));

    private static IReadOnlyList<Vma> Smaps(params (string Line, string Flags)[] mappings) =>
        Maps([.. mappings.Select(mapping => $"{mapping.Line}\nKernelPageSize:        4 kB\nVmFlags: {mapping.Flags} ")]);
}
