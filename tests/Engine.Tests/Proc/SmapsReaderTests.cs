using System.Text;
using Checkpointer.Engine.Proc;
using Xunit;

namespace Checkpointer.Engine.Tests.Proc;

[Trait("kind", "unit")]
public sealed class SmapsReaderTests
{
    private const VmaFlags PrivateData = VmaFlags.Read | VmaFlags.Write | VmaFlags.MayRead | VmaFlags.MayWrite | VmaFlags.MayExecute;

    [Fact]
    public void Smaps_OfLinux618_GivesTheSameMappingsAsMaps()
    {
        IReadOnlyList<Vma> smaps = SmapsReader.Parse(Samples.Read("smaps-6.18.txt"));

        IReadOnlyList<Vma> maps = SmapsReader.Parse(Samples.Read("maps-6.18.txt"));

        Assert.Equal(36, maps.Count);
        Assert.Equal(
            maps,
            smaps.Select(vma => vma with { HasVmFlags = false, VmFlags = VmaFlags.None, KernelPageBytes = 0 }));
    }

    [Fact]
    public void Header_OfSharedFile_GivesEveryField()
    {
        Vma vma = Single("6.18", vma => vma.Path.EndsWith("\nc", StringComparison.Ordinal));

        Assert.Equal(
            new Vma
            {
                Start = 0x7f42b388d000,
                End = 0x7f42b388e000,
                Readable = true,
                Writable = true,
                Executable = false,
                IsShared = true,
                Offset = 0x1000,
                DeviceMajor = 0xfe,
                DeviceMinor = 0,
                Inode = 11657418,
                Path = "/srv/sample/a b\nc",
                IsDeleted = false,
                VmFlags = PrivateData | VmaFlags.Shared | VmaFlags.MayShare,
                HasVmFlags = true,
                UnknownFlags = "",
                KernelPageBytes = 4096,
                ProtectionKey = 0,
            },
            vma);
    }

    [Theory]
    [InlineData("/srv/sample/gone", 11657419UL, true)]
    [InlineData("/srv/sample/live", 11657420UL, true)]
    [InlineData("/srv/sample/oct\\040x", 11657422UL, false)]
    [InlineData("/srv/sample/trail ", 11657423UL, false)]
    [InlineData("/memfd:x y", 64UL, true)]
    [InlineData("/SYSV00000000", 0UL, true)]
    [InlineData("/dev/zero", 63UL, true)]
    public void Path_OfAwkwardFile_IsItsName(string path, ulong inode, bool isDeleted)
    {
        Vma vma = Single("6.18", vma => vma.Path == path);

        Assert.Equal((inode, isDeleted), (vma.Inode, vma.IsDeleted));
    }

    [Theory]
    [InlineData("/x (deleted) (deleted)", "/x (deleted)", true)]
    [InlineData("/x (deleted) ", "/x (deleted) ", false)]
    [InlineData("/a\\012", "/a\n", false)]
    [InlineData("/a\\01", "/a\\01", false)]
    [InlineData("/a\\777\\012b", "/a\\777\nb", false)]
    [InlineData("//anon", "//anon", false)]
    [InlineData("/\\", "/\\", false)]
    [InlineData("", "", false)]
    public void Path_IsDecodedAndStrippedOnce(string written, string path, bool isDeleted)
    {
        Vma vma = Assert.Single(SmapsReader.Parse(Encoding.UTF8.GetBytes($"1000-2000 r--p 00000000 00:00 0     {written}\n")));

        Assert.Equal((path, isDeleted), (vma.Path, vma.IsDeleted));
    }

    [Fact]
    public void Path_NotUtf8_IsMarkedInexact()
    {
        Vma vma = Assert.Single(SmapsReader.Parse(Samples.Read("maps-not-utf8.txt")));

        Assert.False(vma.IsPathExact);
    }

    [Fact]
    public void Path_Repeated_IsOneString()
    {
        string[] paths = [.. Parse("6.18").Select(vma => vma.Path).Where(path => path.EndsWith("libc.so.6", StringComparison.Ordinal))];

        Assert.Equal(5, paths.Length);
        Assert.All(paths, path => Assert.Same(paths[0], path));
    }

    [Fact]
    public void SpecialNames_AreRecognised()
    {
        IReadOnlyList<Vma> vmas = Parse("6.18");

        Assert.Equal("[heap]", Assert.Single(vmas, vma => vma.IsHeap).Path);
        Assert.Equal(["[vvar]", "[vvar_vclock]"], vmas.Where(vma => vma.IsVvar).Select(vma => vma.Path));
        Assert.Equal("[vdso]", Assert.Single(vmas, vma => vma.IsVdso).Path);
        Assert.Equal("[stack]", Assert.Single(vmas, vma => vma.IsStack).Path);
        Assert.Equal(0xffffffffff600000, Assert.Single(vmas, vma => vma.IsVsyscall).Start);
    }

    [Fact]
    public void Names_OfOlderAndNewerKernels_AreTakenAsTheyAre()
    {
        Assert.Equal(
            ["[anon:glibc: malloc]", "[anon_shmem:ring]", "[vvar_next]", "anon_inode:[perf_event]", "//anon"],
            Parse("future").Select(vma => vma.Path));
        Assert.Equal(["glibc: malloc", "ring", null, null, null], Parse("future").Select(vma => vma.AnonymousName));
        Assert.Equal([false, false, true, false, false], Parse("future").Select(vma => vma.IsVvar));
        Assert.DoesNotContain(Parse("3.10"), vma => vma.IsStack);
    }

    [Fact]
    public void VmFlags_OfAwkwardMappings_AreRead()
    {
        IReadOnlyList<Vma> vmas = Parse("6.18");

        Assert.Contains(vmas, vma => vma.VmFlags.HasFlag(VmaFlags.WipeOnFork | VmaFlags.NoReserve));
        Assert.Contains(vmas, vma => vma.VmFlags.HasFlag(VmaFlags.DontCopy | VmaFlags.DontDump | VmaFlags.Locked));
        Assert.Equal(2, vmas.Count(vma => vma.VmFlags.HasFlag(VmaFlags.GrowsDown)));
        Assert.All(vmas, vma => Assert.Equal((true, ""), (vma.HasVmFlags, vma.UnknownFlags)));
    }

    [Fact]
    public void VmFlags_OfLinux310_AreRead()
    {
        IReadOnlyList<Vma> vmas = Parse("3.10");

        Assert.True(vmas[0].VmFlags.HasFlag(VmaFlags.DenyWrite | VmaFlags.SoftDirty));
        Assert.Equal(PrivateData | VmaFlags.Account | VmaFlags.NonLinear | VmaFlags.MpxBounds, vmas[1].VmFlags);
        Assert.Equal(PrivateData | VmaFlags.DontExpand | VmaFlags.HugeTlb, vmas[2].VmFlags);
        Assert.Equal(PrivateData | VmaFlags.NoReserve, vmas[3].VmFlags);
    }

    [Fact]
    public void VmFlags_OfNewerKernel_KeepTheUnknown()
    {
        Vma vma = Parse("future")[0];

        Assert.Equal("zz q7 ??", vma.UnknownFlags);
        Assert.Equal(PrivateData | VmaFlags.Account | VmaFlags.Sealed, vma.VmFlags);
    }

    [Fact]
    public void VmFlags_EveryCode_HasItsOwnFlag()
    {
        string codes = "rd wr ex sh mr mw me ms gd pf dw lo io sr rr dc de lf ac nr ht sf nl ar wf dd sd mm hg nh mg bt mt um uw ui ss sl dp gu mp";

        VmaFlags[] flags = [.. codes.Split(' ').Select(code => VmaFlagCodes.Parse(new FieldReader("smaps", Encoding.ASCII.GetBytes(code)), out _))];

        Assert.Equal(Enum.GetValues<VmaFlags>()[1..], flags);
    }

    [Fact]
    public void PageSizeAndProtectionKey_AreRead()
    {
        Assert.Equal((4096UL, 11), (Parse("future")[0].KernelPageBytes, Parse("future")[0].ProtectionKey));
        Assert.Equal(2UL * 1024 * 1024, Parse("3.10")[2].KernelPageBytes);
    }

    [Theory]
    [InlineData("1000 2000 r--p 00000000 00:00 0")]
    [InlineData("1000-1000 r--p 00000000 00:00 0")]
    [InlineData("2000-1000 r--p 00000000 00:00 0")]
    [InlineData("1000-11112222333344445 r--p 00000000 00:00 0")]
    [InlineData("1000-2000 r--p 00000000 0000 0")]
    [InlineData("1000-2000 r--p 00000000 00:00")]
    [InlineData("1000-2000 r--p")]
    [InlineData("1000-2000 r--q 00000000 00:00 0")]
    [InlineData("1000-2000 x--p 00000000 00:00 0")]
    [InlineData("1000-2000 r--ps 00000000 00:00 0")]
    [InlineData("1000-2000 r--p 00000000 00:00 -5")]
    [InlineData("\n1000-2000 r--p 00000000 00:00 0")]
    [InlineData("VmFlags: rd")]
    [InlineData("1000-2000 r--p 00000000 00:00 0\nKernelPageSize: four kB")]
    [InlineData("1000-2000 r--p 00000000 00:00 0\nKernelPageSize: 4294967296 kB")]
    public void Malformed_Throws(string text)
    {
        Assert.Throws<ProcFormatException>(() => SmapsReader.Parse(Encoding.ASCII.GetBytes(text)));
    }

    [Fact]
    public void Malformed_NamesTheLine()
    {
        byte[] text = Samples.Changed("maps-6.18.txt", "rw-s 00001000", "rw-s 0000100z");

        var failure = Assert.Throws<ProcFormatException>(() => SmapsReader.Parse(text));

        Assert.StartsWith("7f42b388d000-7f42b388e000 rw-s 0000100z", failure.Line, StringComparison.Ordinal);
    }

    [Fact]
    public void Empty_GivesNoMappings()
    {
        Assert.Empty(SmapsReader.Parse(default));
    }

    private static IReadOnlyList<Vma> Parse(string kernel) => SmapsReader.Parse(Samples.Read($"smaps-{kernel}.txt"));

    private static Vma Single(string kernel, Predicate<Vma> predicate) => Assert.Single(Parse(kernel), predicate);
}
