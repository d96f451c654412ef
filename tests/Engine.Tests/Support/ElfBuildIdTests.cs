using System.Buffers.Binary;
using Checkpointer.Engine.Support;
using Xunit;

namespace Checkpointer.Engine.Tests.Support;

/// <summary>Build IDs of files of the linker, of other files and of damaged ones.</summary>
[Trait("kind", "unit")]
public sealed class ElfBuildIdTests : IDisposable
{
    private const int Seed = 20252;
    private const int IterationCount = 10_000;

    // The headers and the notes come first in a linked file.
    private const int HeadBytes = 4096;

    // In memory, for the many small files of the fuzz test.
    private readonly Scratch _scratch = new("/dev/shm");

    public void Dispose() => _scratch.Dispose();

    [CommandFact("cc")]
    public void Read_OfALinkedFile_GivesTheLinkersId()
    {
        var program = Link("-Wl,--build-id=0xdeadbeef00112233445566778899aabbccddeeff");

        Assert.Equal("DEADBEEF00112233445566778899AABBCCDDEEFF", Convert.ToHexString(ElfBuildId.Read(program)));
    }

    [CommandFact("readelf")]
    public void Read_OfTheCLibrary_GivesWhatReadelfSays()
    {
        var library = File.ReadLines("/proc/self/maps").Select(line => line.Split(' ')[^1]).First(path => path.EndsWith("/libc.so.6", StringComparison.Ordinal));

        var id = Convert.ToHexStringLower(ElfBuildId.Read(library));

        Assert.Contains($"Build ID: {id}", Command.Require(_scratch, "readelf", "-n", library), StringComparison.Ordinal);
        Assert.NotEmpty(id);
    }

    [CommandFact("cc")]
    public void Read_OfAFileWithoutId_IsEmpty()
    {
        Assert.Empty(ElfBuildId.Read(Link("-Wl,--build-id=none")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\u007fELF")]
    [InlineData("#!/bin/sh\n# a script that is longer than the header of an ELF file, so that all of the header is there\n")]
    public void Read_OfAnotherFile_IsEmpty(string text)
    {
        File.WriteAllText(_scratch["file"], text);

        Assert.Empty(ElfBuildId.Read(_scratch["file"]));
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MaxValue - 4095)]
    [InlineData(-1)]
    [InlineData(1L << 60)]
    public void Read_OfHeadersFarBehindTheEnd_IsEmpty(long offset)
    {
        var file = new byte[64];
        "\x7f"u8.CopyTo(file);
        "ELF\x02"u8.CopyTo(file.AsSpan(1));
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(32), offset);
        file[56] = 200;
        File.WriteAllBytes(_scratch["file"], file);

        Assert.Empty(ElfBuildId.Read(_scratch["file"]));
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    public void Read_OfNotesFarBehindTheEnd_IsEmpty(long offset)
    {
        var file = new byte[64 + 56];
        "\x7f"u8.CopyTo(file);
        "ELF\x02"u8.CopyTo(file.AsSpan(1));
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(32), 64);
        file[56] = 1;
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(64), 4); // PT_NOTE
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(64 + 8), offset);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(64 + 32), 36);
        File.WriteAllBytes(_scratch["file"], file);

        Assert.Empty(ElfBuildId.Read(_scratch["file"]));
    }

    [CommandFact("cc")]
    public void Read_OfATruncatedFile_NeverThrows()
    {
        var head = Head();

        var found = Enumerable.Range(0, head.Length / 8).Count(words => IdOf(head[..(words * 8)]).Length > 0);

        Assert.InRange(found, 1, (head.Length / 8) - 1);
    }

    [CommandFact("cc")]
    public void Read_OfADamagedFile_NeverThrows()
    {
        var head = Head();
        var random = new Random(Seed);
        var found = 0;
        for (var iteration = 0; iteration < IterationCount; iteration++)
        {
            var damaged = (byte[])head.Clone();
            for (var places = random.Next(1, 40); places > 0; places--)
            {
                damaged[random.Next(1024)] = (byte)random.Next(256);
            }

            var failure = Record.Exception(() => found += IdOf(damaged).Length > 0 ? 1 : 0);
            Assert.True(failure is null, $"seed {Seed}, iteration {iteration}: {failure}");
        }

        // Both happen, or the damage is too weak or too wild to tell anything.
        Assert.InRange(found, IterationCount / 100, IterationCount * 99 / 100);
    }

    private byte[] Head() => File.ReadAllBytes(Link("-Wl,--build-id=0x0123456789abcdef"))[..HeadBytes];

    private byte[] IdOf(byte[] file)
    {
        File.WriteAllBytes(_scratch["file"], file);
        return ElfBuildId.Read(_scratch["file"]);
    }

    private string Link(string option)
    {
        File.WriteAllText(_scratch["main.c"], "int main(void) { return 0; }\n");
        _ = Command.Require(_scratch, "cc", option, "-o", _scratch["main"], _scratch["main.c"]);
        return _scratch["main"];
    }
}
