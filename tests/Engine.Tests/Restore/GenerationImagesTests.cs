using Checkpointer.Engine.Images;
using Checkpointer.Engine.Restore;
using Xunit;

namespace Checkpointer.Engine.Tests.Restore;

/// <summary>Images are refused by name before anything is restored from them.</summary>
[Trait("kind", "unit")]
public sealed class GenerationImagesTests
{
    private const int Seed = 20253;
    private const int IterationCount = 10_000;
    private const int Root = FakeGeneration.RootPid;
    private const int Child = FakeGeneration.ChildPid;

    private readonly FakeGeneration _generation = FakeGeneration.Sound();

    [Theory]
    [InlineData("registers")]
    [InlineData("credentials")]
    [InlineData("scheduling")]
    [InlineData("executable")]
    public void Load_OfAProcessThatLacksAPart_IsRefused(string part)
    {
        _generation.Change(ImageVersion.Process(Root), Engine.Images.Process.Parser, process =>
        {
            _ = part switch
            {
                "registers" => process.Threads[0].CoreX64 = null,
                "credentials" => process.Threads[0].Credentials = null,
                "scheduling" => process.Threads[0].Scheduling = null,
                _ => (object?)(process.ExecutableIdentity = null),
            };
        });

        Assert.Equal(EngineFailure.BadImage, Assert.Throws<EngineException>(() => GenerationImages.Load(_generation)).Reason);
    }

    [Fact]
    public void Load_OfASoundGeneration_GivesItsTree()
    {
        var images = GenerationImages.Load(_generation);

        Assert.Equal([Root, Child], images.Processes.Select(process => process.Process.Pid));
        Assert.Equal((Root, 0x5000ul), (images.Root.Process.Pid, images.Root.Space.Brk));
        Assert.Equal("/data/log", Assert.Single(images.Files.OpenFiles).Path.ToStringUtf8());
    }

    [Fact]
    public void Load_OfAProcessWithoutMainThread_GivesItsOthers()
    {
        _generation.Change(ImageVersion.Process(Root), Engine.Images.Process.Parser, process =>
        {
            process.Threads.RemoveAt(0);
            process.ExitedLeader = new Engine.Images.ExitedLeader();
        });

        Assert.Equal([Root + 1, Root + 2], GenerationImages.Load(_generation).Root.Process.Threads.Select(thread => thread.Tid));
    }

    [Theory]
    [InlineData("inventory")]
    [InlineData("files")]
    [InlineData("process/4000")]
    [InlineData("memory/4010")]
    public void Load_WithoutAnImage_NamesIt(string name)
    {
        _ = _generation.Images.Remove(name);

        Assert.Contains($" {name} ", Refused(EngineFailure.BadImage).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("inventory")]
    [InlineData("files")]
    [InlineData("process/4010")]
    [InlineData("memory/4000")]
    public void Load_OfAMalformedImage_NamesIt(string name)
    {
        _generation.Images[name] = [0xff, 0xff, 0xff];

        Assert.Contains($"Image {name} of generation job/7 is malformed", Refused(EngineFailure.BadImage).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OfANewerVersion_NamesBoth()
    {
        Inventory(inventory => inventory.Version = 99);

        Assert.Equal(
            $"Generation job/7 has images of version 99; this checkpointer reads up to {ImageVersion.Current}.", Refused(EngineFailure.BadImage).Message);
    }

    [Fact]
    public void Load_OfAnotherArchitecture_NamesBoth()
    {
        Inventory(inventory => inventory.Architecture = "aarch64");

        Assert.Equal("Generation job/7 was taken on aarch64; this machine is x86_64.", Refused(EngineFailure.WorldChanged).Message);
    }

    [Fact]
    public void Load_OfNoProcess_IsRefused()
    {
        Inventory(inventory => inventory.Processes.Clear());

        Assert.Equal("Generation job/7 has no process.", Refused(EngineFailure.BadImage).Message);
    }

    public static TheoryData<string> NoTree => [.. _noTree.Keys];

    private static readonly Dictionary<string, Process> _noTree = new()
    {
        ["a parent that is not in the job"] = FakeGeneration.Process(Child, 1, Child),
        ["its own parent"] = FakeGeneration.Process(Child, Child, Child),
        ["a parent that comes later"] = FakeGeneration.Process(Child, Child + 1, Child),
        ["a thread of another process"] = FakeGeneration.Process(Child, Root, Child, Root + 2),
        ["a thread twice"] = FakeGeneration.Process(Child, Root, Child, Child + 1, Child + 1),
        ["another thread first"] = FakeGeneration.Process(Child, Root, Child + 1, Child),
        ["init as a thread"] = FakeGeneration.Process(Child, Root, Child, 1),
        ["a negative thread"] = FakeGeneration.Process(Child, Root, Child, -5),
        ["no thread"] = FakeGeneration.Process(Child, Root),
    };

    [Theory]
    [MemberData(nameof(NoTree))]
    public void Load_OfProcessesThatAreNoTree_IsRefused(string what)
    {
        _generation.Put(_noTree[what]);

        Assert.Equal("The processes of generation job/7 do not form a tree.", Refused(EngineFailure.BadImage).Message);
    }

    [Fact]
    public void Load_OfTheSameProcessTwice_IsRefused()
    {
        Inventory(inventory => inventory.Processes.Add(Child));

        Assert.Contains("do not form a tree", Refused(EngineFailure.BadImage).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OfAnImageOfAnotherProcess_IsRefused()
    {
        // Its memory would be looked for under the other number.
        _generation.Put(ImageVersion.Process(Child), FakeGeneration.Process(Child + 5, Root, Child + 5));

        Assert.Contains("do not form a tree", Refused(EngineFailure.BadImage).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OfDamagedImages_ThrowsNothingElse()
    {
        var random = new Random(Seed);
        var names = _generation.Images.Keys.ToList();
        var refused = 0;
        for (var iteration = 0; iteration < IterationCount; iteration++)
        {
            var damaged = FakeGeneration.Sound();
            var name = names[random.Next(names.Count)];
            damaged.Images[name] = Damaged(damaged.Images[name], random);
            var failure = Record.Exception(() => GenerationImages.Load(damaged));
            Assert.True(failure is null or EngineException, $"seed {Seed}, iteration {iteration}, {name} {Convert.ToHexString(damaged.Images[name])}: {failure}");
            refused += failure is null ? 0 : 1;
        }

        // Both happen, or the damage is too weak or too wild to tell anything.
        Assert.InRange(refused, IterationCount / 20, IterationCount * 19 / 20);
    }

    private static byte[] Damaged(byte[] image, Random random)
    {
        List<byte> bytes = [.. image];
        for (var places = random.Next(1, 5); places > 0; places--)
        {
            var at = random.Next(bytes.Count + 1);
            switch (random.Next(4))
            {
                case 0:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at));
                    break;
                default:
                    if (at < bytes.Count)
                    {
                        bytes[at] ^= (byte)(1 << random.Next(8));
                    }

                    break;
            }
        }

        return [.. bytes];
    }

    private void Inventory(Action<Inventory> change) => _generation.Change(ImageVersion.Inventory, Engine.Images.Inventory.Parser, change);

    private EngineException Refused(EngineFailure reason)
    {
        var failure = Assert.Throws<EngineException>(() => GenerationImages.Load(_generation));
        Assert.Equal(reason, failure.Reason);
        return failure;
    }
}
