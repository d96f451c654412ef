using System.Buffers.Binary;
using Checkpointer.EndToEnd.Tests.Support;
using Checkpointer.Engine;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Restore;
using Checkpointer.Engine.Support;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>
/// Generations of a kernel with another vDSO: what this kernel's holds is made another by giving it another hash, and its code breakpoints throughout, so
/// that whatever of it were run would end the job.
/// </summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class VdsoTests(ProgramFixture programs) : IDisposable
{
    private const byte Breakpoint = 0xcc;
    private const int SectionHeaderBytes = 64;
    private const ulong Executable = 4; // SHF_EXECINSTR

    private readonly string _directory = Directory.CreateTempSubdirectory("checkpointer-e2e-").FullName;
    private readonly CheckpointEngine _engine = new(new EngineOptions(), NullLoggerFactory.Instance);

    [RootTheory]
    [InlineData("vdso_calls")]
    [InlineData("mem_cow")]
    public void Restore_UnderAnotherVdso_CallsTheNewOneAndIsDumpedAgain(string program)
    {
        using var job = TestJob.StartProgram(programs.Executable(program), _directory, program);
        var first = DumpOutsideOfVdso(job);
        MakeForeign(first);
        var before = VdsoOf(job.Pid);
        job.Kill();

        _engine.Restore(first, "memory-1", null);
        var second = new MemoryCheckpoint();
        _engine.Dump(new ProcessId(job.Pid), second, null, default);
        var between = VdsoOf(job.Pid);
        job.Kill();
        _engine.Restore(second, "memory-2", null);

        Assert.NotEqual(before, between);
        Assert.Equal(between, VdsoOf(job.Pid));
        Assert.Single(ProcFacts.Maps(job.Pid), line => line.StartsWith(before.Split('-')[0], StringComparison.Ordinal) && line.Contains(" r-xp ", StringComparison.Ordinal));
        job.Go(byFile: false);
        job.WaitForLine("PASS");
    }

    [RootFact]
    public void Restore_OfThreadInsideAnotherVdso_IsRefused()
    {
        using var job = TestJob.StartProgram(programs.Executable("vdso_calls"), _directory, "vdso_calls");
        var generation = DumpWhere(job, inside => inside is not null);
        MakeForeign(generation);
        job.Kill();

        var failure = Assert.Throws<EngineException>(() => _engine.Restore(generation, "memory-1", null));

        Assert.Equal(EngineFailure.WorldChanged, failure.Reason);
        Assert.Contains("in the middle", failure.Message, StringComparison.Ordinal);
        Assert.False(job.IsRunning);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private MemoryCheckpoint DumpOutsideOfVdso(TestJob job) => DumpWhere(job, inside => inside is null);

    private MemoryCheckpoint DumpWhere(TestJob job, Func<int?, bool> isWanted)
    {
        MemoryCheckpoint generation = new();
        Wait.Until(
            () =>
            {
                generation = new MemoryCheckpoint();
                _engine.Dump(new ProcessId(job.Pid), generation, null, default);
                return isWanted(VdsoReplacement.ThreadInside(GenerationImages.Load(generation)));
            },
            Wait.Patience,
            () => "no such dump");
        return generation;
    }

    private static void MakeForeign(MemoryCheckpoint generation)
    {
        var code = Vdso.Parser.ParseFrom(generation.ReadImage(ImageVersion.Vdso)).Code.ToByteArray();
        var headers = (int)BinaryPrimitives.ReadUInt64LittleEndian(code.AsSpan(40));
        for (var index = 0; index < BinaryPrimitives.ReadUInt16LittleEndian(code.AsSpan(60)); index++)
        {
            var header = code.AsSpan(headers + (index * SectionHeaderBytes));
            if ((BinaryPrimitives.ReadUInt64LittleEndian(header[8..]) & Executable) != 0)
            {
                code.AsSpan((int)BinaryPrimitives.ReadUInt64LittleEndian(header[24..]), (int)BinaryPrimitives.ReadUInt64LittleEndian(header[32..])).Fill(Breakpoint);
            }
        }

        generation.PutImage(ImageVersion.Vdso, new Vdso { Code = ByteString.CopyFrom(code) }.ToByteArray());
        var inventory = Inventory.Parser.ParseFrom(generation.ReadImage(ImageVersion.Inventory));
        inventory.VdsoSha256 = ByteString.CopyFrom(new byte[32]);
        generation.PutImage(ImageVersion.Inventory, inventory.ToByteArray());
    }

    private static string VdsoOf(int pid) => ProcFacts.Maps(pid).Single(line => line.EndsWith("[vdso]", StringComparison.Ordinal)).Split(' ')[0];
}
