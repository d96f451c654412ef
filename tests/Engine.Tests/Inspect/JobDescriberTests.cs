using System.Globalization;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Tests.Restore;
using Google.Protobuf;
using Xunit;

namespace Checkpointer.Engine.Tests.Inspect;

/// <summary>What a generation holds, in words; and images that nobody wrote.</summary>
[Trait("kind", "unit")]
public sealed class JobDescriberTests
{
    private const int Seed = 20271;
    private readonly FakeGeneration _generation = FakeGeneration.Sound();

    [Fact]
    public void Describe_TellsProcessesThreadsMemoryAndDescriptors()
    {
        _generation.Change(ImageVersion.Memory(FakeGeneration.RootPid), AddressSpace.Parser, space =>
        {
            space.Mappings.Clear();
            space.StartBrk = 0x4000;
            space.StartStack = 0x7800;
            space.Mappings.Add(new Mapping { Start = 0x1000, End = 0x3000, Protection = 5, Kind = Mapping.Types.Kind.File, Path = ByteString.CopyFromUtf8("/bin/job"), Offset = 0x1000 });
            space.Mappings.Add(new Mapping { Start = 0x4000, End = 0x5000, Protection = 3 });
            space.Mappings.Add(new Mapping { Start = 0x6000, End = 0x6800, Protection = 3, IsShared = true, Kind = Mapping.Types.Kind.SharedAnonymous, SharedMemory = 1, Offset = 0x800 });
            space.Mappings.Add(new Mapping { Start = 0x7000, End = 0x8000, Protection = 3 });
        });

        var job = CheckpointEngine.Describe(_generation);

        var root = job.Processes[0];
        Assert.Equal((FakeGeneration.RootPid, "worker", 3), (root.Pid, root.Name, root.Threads.Count));
        Assert.Equal(
            [("r-xp", "file", "/bin/job", "memory/4000", 0x1000ul), ("rw-p", "anonymous", "[heap]", "memory/4000", 0x4000ul), ("rw-s", "shared", "", "shared/1", 0x800ul), ("rw-p", "anonymous", "[stack]", "memory/4000", 0x7000ul)],
            root.Mappings.Select(mapping => (mapping.Access, mapping.Kind, mapping.Name, mapping.Content, mapping.ContentOffset)));
        Assert.Equal(new DescriptorDescription(3, "regular", "/data/log", "01", 0, 1, false), Assert.Single(root.Descriptors));
        Assert.Empty(job.Processes[1].Descriptors);
    }

    [Fact]
    public void Describe_OfADescriptorWithoutFile_IsRefused()
    {
        _generation.Change(ImageVersion.Files, Files.Parser, files => files.OpenFiles.Clear());

        Assert.Equal(EngineFailure.BadImage, Assert.Throws<EngineException>(() => CheckpointEngine.Describe(_generation)).Reason);
    }

    /// <summary>CHECKPOINTER_ROUNDS asks for more.</summary>
    [Fact]
    public void Describe_OfDamagedImages_ThrowsNothingElse()
    {
        var random = new Random(Seed);
        var rounds = int.TryParse(Environment.GetEnvironmentVariable("CHECKPOINTER_ROUNDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? asked : 10_000;
        var names = _generation.Images.Keys.ToList();
        var refused = 0;
        for (var round = 0; round < rounds; round++)
        {
            var damaged = FakeGeneration.Sound();
            for (var images = random.Next(1, 3); images > 0; images--)
            {
                var name = names[random.Next(names.Count)];
                damaged.Images[name] = Damaged(damaged.Images[name], random);
            }

            var failure = Record.Exception(() => CheckpointEngine.Describe(damaged));
            Assert.True(failure is null or EngineException { Reason: EngineFailure.BadImage or EngineFailure.WorldChanged }, $"seed {Seed}, round {round}: {failure}");
            refused += failure is null ? 0 : 1;
        }

        Assert.InRange(refused, rounds / 20, rounds * 19 / 20);
    }

    private static byte[] Damaged(byte[] image, Random random)
    {
        var bytes = (byte[])image.Clone();
        for (var changes = random.Next(1, 5); changes > 0 && bytes.Length > 0; changes--)
        {
            var at = random.Next(bytes.Length);
            bytes = random.Next(6) switch
            {
                0 => [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]],
                1 => [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + random.Next(1, 9))..]],
                _ => [.. bytes[..at], (byte)(bytes[at] ^ (1 << random.Next(8))), .. bytes[(at + 1)..]],
            };
        }

        return bytes;
    }
}
