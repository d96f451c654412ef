using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tests.Support;
using Xunit;

namespace Checkpointer.Engine.Tests.Resources;

/// <summary>Which mappings are carried, and what is said of those that are not.</summary>
[Trait("kind", "unit")]
public sealed class MappingCollectorTests
{
    private static readonly ProcessId _self = new(Environment.ProcessId);

    private static readonly Dictionary<string, (Vma Vma, string Reason)> _refused = new()
    {
        ["unknown flag"] = (Vmas.Anonymous with { UnknownFlags = "zz" }, "a mapping with flags that this version does not know (zz)"),
        ["uprobes"] = (Vmas.Named("[uprobes]"), "a mapping of a tracing probe (uprobes): remove the probe and try again"),
        ["protection key"] = (Vmas.Anonymous with { ProtectionKey = 3 }, "memory with a protection key"),
        ["special"] = (Vmas.Named("[gate]"), "a special mapping [gate]"),
        ["not UTF-8"] = (Vmas.Named("/data/\uFFFD"), "a mapping of a file whose name is not UTF-8"),
        ["shadow stack"] = (Vmas.Flagged(VmaFlags.ShadowStack), "a shadow stack"),
        ["sealed"] = (Vmas.Flagged(VmaFlags.Sealed), "a sealed mapping (mseal)"),
        ["uffd missing"] = (Vmas.Flagged(VmaFlags.UffdMissing), "memory registered with userfaultfd"),
        ["uffd minor"] = (Vmas.Flagged(VmaFlags.UffdMinor), "memory registered with userfaultfd"),
        ["pfn"] = (Vmas.Named("/dev/fb0") with { VmFlags = VmaFlags.PfnMap }, "device memory (/dev/fb0)"),
        ["io"] = (Vmas.Named("/dev/fb0") with { VmFlags = VmaFlags.Io }, "device memory (/dev/fb0)"),
        ["mixed"] = (Vmas.Named("/dev/fb0") with { VmFlags = VmaFlags.MixedMap }, "device memory (/dev/fb0)"),
        ["anon inode"] = (Vmas.Named("anon_inode:[perf_event]"), "a mapping of anon_inode:[perf_event]"),
    };

    public static TheoryData<string> Refused => [.. _refused.Keys];

    [Theory]
    [MemberData(nameof(Refused))]
    public void Collect_OfAMappingThatCannotBeMadeAgain_SaysWhat(string kind)
    {
        var (vma, reason) = _refused[kind];
        var findings = new FindingList();

        var mappings = Collect(findings, vma);

        Assert.Empty(mappings);
        var finding = Assert.Single(findings.Refusals);
        Assert.Equal(
            ("mapping", $"Process {_self} has {reason} at 0x7f0000000000-0x7f0000004000; it cannot be carried."), (finding.Resource, finding.Sentence));
    }

    [Theory]
    [InlineData("", (int)Mapping.Types.Kind.Anonymous)]
    [InlineData("[heap]", (int)Mapping.Types.Kind.Anonymous)]
    [InlineData("[stack]", (int)Mapping.Types.Kind.Anonymous)]
    [InlineData("[anon:arena]", (int)Mapping.Types.Kind.Anonymous)]
    [InlineData("[vdso]", (int)Mapping.Types.Kind.Vdso)]
    [InlineData("[vvar]", (int)Mapping.Types.Kind.Vdso)]
    [InlineData("[vvar_vclock]", (int)Mapping.Types.Kind.Vdso)]
    public void Collect_OfMemory_CarriesIt(string path, int kind)
    {
        var findings = new FindingList();

        var mapping = Assert.Single(Collect(findings, Vmas.Named(path)));

        Assert.Empty(findings.All);
        Assert.Equal(((Mapping.Types.Kind)kind, 0x7f0000000000ul, 0x7f0000004000ul), (mapping.Kind, mapping.Start, mapping.End));
        Assert.Equal(path == "[anon:arena]" ? "arena" : "", mapping.AnonymousName);
    }

    [Fact]
    public void Collect_OfTheVdsoWithFlagsOfDevices_CarriesIt()
    {
        var findings = new FindingList();

        _ = Assert.Single(Collect(findings, Vmas.Named("[vvar]") with { VmFlags = VmaFlags.PfnMap | VmaFlags.Io | VmaFlags.Sealed }));

        Assert.Empty(findings.All);
    }

    [Fact]
    public void Collect_OfVsyscall_LeavesItOut()
    {
        var findings = new FindingList();

        Assert.Empty(Collect(findings, Vmas.Named("[vsyscall]")));
        Assert.Empty(findings.All);
    }

    [Theory]
    [InlineData(false, false, false, 0)]
    [InlineData(true, false, false, Memory.PROT_READ)]
    [InlineData(true, true, false, Memory.PROT_READ | Memory.PROT_WRITE)]
    [InlineData(true, false, true, Memory.PROT_READ | Memory.PROT_EXEC)]
    public void Collect_KeepsTheProtection(bool readable, bool writable, bool executable, int expected)
    {
        var mapping = Collect(new FindingList(), Vmas.Anonymous with { Readable = readable, Writable = writable, Executable = executable }).Single();

        Assert.Equal((uint)expected, mapping.Protection);
    }

    [Fact]
    public void Collect_KeepsOnlyFlagsThatARestoreSets()
    {
        const VmaFlags Carried = VmaFlags.GrowsDown | VmaFlags.DontCopy | VmaFlags.HugePage;

        var mapping = Collect(new FindingList(), Vmas.Flagged(Carried | VmaFlags.SoftDirty | VmaFlags.Account)).Single();

        Assert.Equal(Carried, (VmaFlags)mapping.Flags);
    }

    [Fact]
    public void Collect_OfOurOwnMappings_RefusesNoneOfAFileThatIsThere()
    {
        // Files that are mapped by this process: /proc/self/map_files tells them apart.
        var findings = new FindingList();
        var files = ProcFs.Smaps(_self).Where(vma => vma.Path.EndsWith("/libc.so.6", StringComparison.Ordinal)).ToList();

        var mappings = new MappingCollector(findings, new FileIdentities(), new SharedObjectTable()).Collect(_self, files);

        Assert.Empty(findings.All);
        Assert.Equal(files.Count, mappings.Count);
        Assert.NotEmpty(mappings);
        Assert.All(mappings, mapping => Assert.Equal(Mapping.Types.Kind.File, mapping.Kind));
        Assert.All(mappings, mapping => Assert.False(mapping.Identity.BuildId.IsEmpty));
    }

    [Fact]
    public void Collect_OfAFileThatWasReplaced_RefusesIt()
    {
        using var scratch = new Scratch();
        using var mapped = new MappedFile(scratch["file"]);
        File.Move(scratch["file"], scratch["away"]);
        var vma = ProcFs.Smaps(_self).Single(vma => vma.Path == scratch["away"]) with { Path = scratch["file"] };
        File.WriteAllBytes(scratch["file"], new byte[4096]);
        var findings = new FindingList();

        Assert.Empty(Collect(findings, vma));

        Assert.Contains("which was replaced by another file since", Assert.Single(findings.Refusals).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Collect_WhereAnotherFileIsMappedMeanwhile_LooksAgainInTheFreeze()
    {
        using var scratch = new Scratch();
        using var mapped = new MappedFile(scratch["file"]);
        File.WriteAllBytes(scratch["before"], new byte[4096]);
        var vma = ProcFs.Smaps(_self).Single(vma => vma.Path == scratch["file"]) with { Path = scratch["before"], Inode = FileStat.TryOf(scratch["before"])!.Value.Inode };
        var findings = new FindingList();

        Assert.Empty(Collect(findings, vma));

        Assert.Empty(findings.All);
    }

    [Fact]
    public void Collect_OfADeletedFile_CarriesItsContents()
    {
        using var scratch = new Scratch();
        using var mapped = new MappedFile(scratch["file"]);
        File.Delete(scratch["file"]);
        var vma = ProcFs.Smaps(_self).Single(vma => vma.Path == scratch["file"]);
        var findings = new FindingList();
        var objects = new SharedObjectTable();

        var mapping = Assert.Single(new MappingCollector(findings, new FileIdentities(), objects).Collect(_self, [vma]));

        Assert.Empty(findings.All);
        Assert.True(mapping is { Kind: Mapping.Types.Kind.File, SharedMemory: 1, CarriesContents: false, Identity: null });
        var entry = Assert.Single(objects.Objects).Image;
        Assert.Equal((scratch["file"], 4096ul, SharedMemory.Types.Kind.DeletedFile), (entry.Path.ToStringUtf8(), entry.Bytes, entry.Kind));
    }

    [Fact]
    public void Collect_OfASharedWritableFile_CarriesItsContentsOnce()
    {
        using var scratch = new Scratch();
        File.WriteAllBytes(scratch["file"], new byte[8192]);
        using var file = System.IO.MemoryMappedFiles.MemoryMappedFile.CreateFromFile(scratch["file"]);
        using var first = file.CreateViewAccessor();
        using var second = file.CreateViewAccessor();
        var vmas = ProcFs.Smaps(_self).Where(vma => vma.Path == scratch["file"]).ToList();
        var objects = new SharedObjectTable();
        var collector = new MappingCollector(new FindingList(), new FileIdentities(), objects);

        var mappings = collector.Collect(_self, vmas);

        var shared = Assert.Single(objects.Objects).Image;
        Assert.Equal((1u, 8192ul, scratch["file"], SharedMemory.Types.Kind.File), (shared.Id, shared.Bytes, shared.Path.ToStringUtf8(), shared.Kind));
        Assert.Equal(vmas.Count, mappings.Count);
        Assert.All(mappings, mapping => Assert.True(mapping is { CarriesContents: true, SharedMemory: 1, FileWritable: true }));
    }

    private static List<Mapping> Collect(FindingList findings, Vma vma) =>
        new MappingCollector(findings, new FileIdentities(), new SharedObjectTable()).Collect(_self, [vma]);

    private sealed class MappedFile : IDisposable
    {
        private readonly System.IO.MemoryMappedFiles.MemoryMappedFile _file;
        private readonly System.IO.MemoryMappedFiles.MemoryMappedViewAccessor _view;

        public MappedFile(string path)
        {
            File.WriteAllBytes(path, new byte[4096]);
            _file = System.IO.MemoryMappedFiles.MemoryMappedFile.CreateFromFile(path);
            _view = _file.CreateViewAccessor();
        }

        public void Dispose()
        {
            _view.Dispose();
            _file.Dispose();
        }
    }
}
