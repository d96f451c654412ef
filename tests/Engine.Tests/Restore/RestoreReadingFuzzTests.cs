using System.Globalization;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Restore;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tests.Proc;
using Google.Protobuf;
using Xunit;

namespace Checkpointer.Engine.Tests.Restore;

/// <summary>
/// What a restore reads before it changes anything, on images that somebody changed: they load, the world is compared with them, and the files are planned, or an
/// <see cref="EngineException"/> says what is wrong. Nothing else, no allocation without bound, and no file is touched. SEED= repeats, CHECKPOINTER_ROUNDS= asks for more.
/// </summary>
public sealed class RestoreReadingFuzzTests : IDisposable
{
    private const long AllocationMax = 64 << 20;
    private static readonly TimeSpan _timeMax = TimeSpan.FromMinutes(10); // a machine with hundreds of others waiting; an endless loop takes longer
    private readonly CarriedFileScene _scene = new();

    [Fact]
    public void ChangedImages_AreReadOrRefused()
    {
        var seed = Number("SEED", 4000);
        var rounds = Number("CHECKPOINTER_ROUNDS", 300);
        var generation = Real();
        var sound = generation.Images.ToDictionary(image => image.Key, image => image.Value);
        var before = Picture();
        Read(generation, new RestoreChoices());
        var (refused, planned) = (0, 0);
        for (var i = 0; i < rounds; i++)
        {
            Damage(generation, sound, unchecked(seed + (i * 7919)));
            var choices = new RestoreChoices(KeepFiles: i % 3 == 0, IsCopy: i % 5 == 0);
            var (allocated, begun) = (GC.GetAllocatedBytesForCurrentThread(), TimeProvider.System.GetTimestamp());
            try
            {
                Read(generation, choices);
                planned++;
            }
            catch (EngineException)
            {
                refused++;
            }
            catch (Exception exception)
            {
                Assert.Fail($"SEED={seed} round {i}: {exception}");
            }

            Assert.True(GC.GetAllocatedBytesForCurrentThread() - allocated < AllocationMax, $"SEED={seed} round {i} allocated {GC.GetAllocatedBytesForCurrentThread() - allocated} bytes");
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < _timeMax, $"SEED={seed} round {i} took {TimeProvider.System.GetElapsedTime(begun)}");
        }

        Assert.InRange(refused, rounds / 20, rounds - (rounds / 20));
        Assert.Equal(before, Picture());
    }

    public void Dispose() => _scene.Dispose();

    private static void Read(FakeGeneration generation, RestoreChoices choices)
    {
        var images = GenerationImages.Load(generation);
        WorldCheck.Require(images, choices.KeepFiles);
        _ = new FilePlanner(images, generation, "md-12", choices).Plan();
    }

    // Every image of the sound one; then one field, or some bytes, of some of them.
    private static void Damage(FakeGeneration generation, Dictionary<string, byte[]> sound, int seed)
    {
        var random = new Random(seed);
        foreach (var (name, bytes) in sound)
        {
            generation.Images[name] = bytes;
        }

        string[] names = [.. sound.Keys.Order(StringComparer.Ordinal)];
        for (var changes = random.Next(1, 5); changes > 0; changes--)
        {
            var name = names[random.Next(names.Length)];
            if (random.Next(4) == 0 || ParserOf(name) is not { } parser)
            {
                generation.Images[name] = new Mutator(generation.Images[name], random.Next()).Next();
                continue;
            }

            try
            {
                var message = parser.ParseFrom(generation.Images[name]);
                new MessageMutator(random).Mutate(message);
                generation.Put(name, message);
            }
            catch (InvalidProtocolBufferException)
            {
                // Its bytes were changed before.
            }
        }
    }

    private static MessageParser? ParserOf(string name)
        => name == ImageVersion.Inventory ? Inventory.Parser
            : name == ImageVersion.Files ? Files.Parser
            : name == ImageVersion.FileContents ? FileContents.Parser
            : name == ImageVersion.Process(FakeGeneration.RootPid) || name == ImageVersion.Process(FakeGeneration.ChildPid) ? Process.Parser
            : name == ImageVersion.Memory(FakeGeneration.RootPid) || name == ImageVersion.Memory(FakeGeneration.ChildPid) ? AddressSpace.Parser
            : null;

    // A generation that could be restored as far as its files go: those are here, as it says.
    private FakeGeneration Real()
    {
        Directory.CreateDirectory(_scene["below"]);
        foreach (var (name, text) in (ReadOnlySpan<(string, string)>)[("log", "some lines\n"), ("below/data", new string('x', 9000)), ("mapped", "library")])
        {
            File.WriteAllText(_scene[name], text);
        }

        _ = _scene.Carry("log");
        _ = _scene.Carry("below/data");
        _ = _scene.Carry("mapped", CarriedFile.Types.Kind.Size);
        File.AppendAllText(_scene["log"], "later\n");
        var generation = _scene.Generation();
        generation.Change(ImageVersion.Files, Files.Parser, files =>
        {
            files.OpenFiles.Add(new OpenFile { Id = 1, Flags = 1, Path = ByteString.CopyFromUtf8(_scene["log"]), Bytes = 11 });
            files.OpenFiles.Add(new OpenFile { Id = 2, Flags = 2, Path = ByteString.CopyFromUtf8(_scene["below/data"]), Bytes = 9000 });
            files.Tables.Add(new DescriptorTable
            {
                Pid = FakeGeneration.RootPid,
                Descriptors = { new DescriptorEntry { Number = 3, OpenFile = 1 }, new DescriptorEntry { Number = 4, OpenFile = 2 } },
            });
        });
        generation.Change(ImageVersion.Inventory, Inventory.Parser, inventory =>
        {
            inventory.CpuFlags.Clear();
            inventory.CpuFlags.Add(ProcFs.CpuFlags().Order(StringComparer.Ordinal).Take(20));
            inventory.CpuStateFeatures = 0;
            inventory.CpuStateBytes = 0;
        });
        foreach (var pid in (int[])[FakeGeneration.RootPid, FakeGeneration.ChildPid])
        {
            generation.Change(ImageVersion.Process(pid), Process.Parser, process =>
            {
                process.Executable = ByteString.CopyFromUtf8(_scene["mapped"]);
                process.ExecutableIdentity = new FileIdentities().Of(_scene["mapped"], FileStat.Of(_scene["mapped"]));
                process.WorkingDirectory = ByteString.CopyFromUtf8(_scene.Root);
            });
        }

        return generation;
    }

    private Dictionary<string, string> Picture()
        => Directory.GetFiles(_scene.Root, "*", SearchOption.AllDirectories).ToDictionary(file => file, file => $"{File.GetLastWriteTimeUtc(file):O} {File.ReadAllText(file)}");

    private static int Number(string variable, int fallback)
        => int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : fallback;
}
