using System.Buffers.Binary;
using Checkpointer.Store.Files;
using Checkpointer.Store.Generations;
using Checkpointer.Store.Interop;
using Checkpointer.Store.Packs;
using Checkpointer.Store.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace Checkpointer.Store.Tests.Maintenance;

/// <summary>
/// Random dumps, forgets, collections, verifies, repairs, exports, crashes, lost indexes, flipped bits and restarts against a dictionary. No committed byte may be lost but by a flipped
/// bit, each flipped bit must be found, what is said to be whole must be, and no garbage may be left. SEED= repeats a run, CHECKPOINTER_ROUNDS= makes it longer.
/// </summary>
[Trait("kind", "store")]
public sealed class StoreModelTests : StoreTest
{
    private const int Pages = 400;
    private const int GenerationsMax = 7;
    private static readonly string[] _jobs = ["a", "b"];

    private readonly ITestOutputHelper _output;
    private readonly int _seed;
    private readonly Random _random;
    private readonly Dictionary<GenerationName, int[]> _whole = [];

    // Forgotten since the last collection: a lost index brings them back.
    private readonly Dictionary<GenerationName, int[]> _forgotten = [];

    private readonly Dictionary<GenerationName, int[]> _forgottenLost = [];

    // Said to be lost by a repair; a later dump may heal them.
    private readonly Dictionary<GenerationName, int[]> _lost = [];

    // Committed, or not: the writer crashed.
    private readonly Dictionary<GenerationName, int[]> _unsure = [];
    private readonly HashSet<GenerationName> _everCommitted = [];
    private readonly Dictionary<string, int> _counts = [];
    private CheckpointStore? _opened;
    private string _step = "";

    public StoreModelTests(ITestOutputHelper output)
    {
        _output = output;
        _seed = Seed(Random.Shared.Next());
        _random = new Random(_seed);
        Options.PackBytesMax = 1 << 20;
        Options.WriteBytes = 64 << 10;
        Options.CollectChunksMax = 200;
    }

    private CheckpointStore Store => _opened!;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RandomOperations_AgreeWithTheModel(bool isEncrypted)
    {
        if (isEncrypted)
        {
            UseKeyFile();
        }

        _opened = OpenStore();
        Array.ForEach(_jobs, job => Store.Register(JobNamed(job)));
        var rounds = int.TryParse(Environment.GetEnvironmentVariable("CHECKPOINTER_ROUNDS"), out var asked) ? asked : 60;
        _output.WriteLine($"SEED={_seed}, {rounds} steps{(isEncrypted ? ", encrypted" : "")}");
        for (var i = 0; i < rounds; i++)
        {
            try
            {
                Step(i);
            }
            catch (Exception exception) when (exception is not Xunit.Sdk.XunitException { Message: var message } || !message.StartsWith("SEED", StringComparison.Ordinal))
            {
                Assert.Fail($"SEED={_seed} step {i}, {_step}: {exception}");
            }
        }

        _step = "the end";
        CheckAll();
        CollectAll();
        CheckAll();
        _output.WriteLine(string.Join(", ", _counts.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Value} {pair.Key}")));
    }

    protected override void Dispose(bool disposing)
    {
        _opened?.Dispose();
        base.Dispose(disposing);
    }

    private void Step(int number)
    {
        (int Weight, string Name, Action Run)[] steps =
        [
            (40, "dump", Dump), (12, "forget", Forget), (8, "collect", Collect), (4, "pin", Pin), (6, "verify", Verify), (5, "restart", Restart),
            (10, "crash", Crash), (4, "lose index", LoseIndex), (7, "flip", Flip), (3, "move", Move), (3, "compare", Compare),
        ];
        var at = _random.Next(steps.Sum(step => step.Weight));
        var chosen = steps.First(step => (at -= step.Weight) < 0);
        _step = chosen.Name;
        _counts[chosen.Name] = _counts.GetValueOrDefault(chosen.Name) + 1;
        chosen.Run();
        if (number % 6 == 0)
        {
            CheckAll();
        }
    }

    private void Dump()
    {
        var job = _jobs[_random.Next(_jobs.Length)];
        GenerationName? based = Choose(_whole.Keys.Where(name => name.Job == job && _random.Next(5) > 0));
        Dump(Store, job, based, based is { } name ? (int[])_whole[name].Clone() : new int[Pages], based is null ? Pages : _random.Next(1, 60));
        while (_whole.Keys.Count(name => name.Job == job) > GenerationsMax)
        {
            ForgetOne(Choose(_whole.Keys.Where(name => name.Job == job))!.Value);
        }
    }

    private void Dump(CheckpointStore store, string job, GenerationName? based, int[] pages, int changes)
    {
        using var writer = store.Begin(job, based);
        Assert.DoesNotContain(writer.Name, _everCommitted);
        _unsure[writer.Name] = pages;
        using (var content = writer.OpenContent("memory"))
        {
            for (var i = 0; i < changes; i++)
            {
                Change(content, pages, changes == Pages ? i : _random.Next(Pages));
            }
        }

        writer.PutImage("image", Noise(200, (int)writer.Name.Number));
        writer.Commit(Summary);
        Confirm(writer.Name);
    }

    // Few versions, and pages that are like others: much is deduplicated.
    private void Change(ContentWriter content, int[] pages, int page)
    {
        pages[page] = _random.Next(8);
        if (pages[page] == 0)
        {
            content.Clear((ulong)page * Page, Page);
            return;
        }

        content.Write((ulong)page * Page, Bytes(page, pages[page]));
    }

    private void Confirm(GenerationName name)
    {
        if (_unsure.Remove(name, out var pages))
        {
            _whole.Add(name, pages);
            _everCommitted.Add(name);
        }
    }

    private void Forget()
    {
        if (Choose(_whole.Keys.Concat(_lost.Keys)) is { } name)
        {
            ForgetOne(name);
        }
    }

    private void ForgetOne(GenerationName name)
    {
        Store.Unpin(name);
        Assert.Equal([name], Store.Forget([name]));
        if (_whole.Remove(name, out var pages))
        {
            _forgotten.Add(name, pages);
        }

        if (_lost.Remove(name, out var lostPages))
        {
            _forgottenLost.Add(name, lostPages);
        }
    }

    private void Pin()
    {
        if (Choose(_whole.Keys) is { } name)
        {
            Store.Pin(name, "why");
            Assert.Empty(Store.Forget([name]));
            Store.Unpin(name);
        }
    }

    // Generations that are lost for good stand in the way of a collection, which must then change nothing.
    private void Collect()
    {
        try
        {
            ForgetForgotten(Store.Collect(new CollectOptions(false, _random.Next(2) == 0 ? 0.5 : 0.000001, TimeSpan.Zero), null, CancellationToken.None));
        }
        catch (StoreException exception) when (exception.Reason == StoreFailure.Corrupt && _lost.Count > 0)
        {
            Assert.Contains(_lost.Keys, name => exception.Message.Contains($"{name} ", StringComparison.Ordinal));
        }
    }

    // The ledger of a collection that removed something knows them: not even a lost index brings them back.
    private void ForgetForgotten(CollectReport report)
    {
        if (report.DroppedPacks + report.RepackedPacks > 0)
        {
            _forgotten.Clear();
            _forgottenLost.Clear();
        }
    }

    private void CollectAll()
    {
        _lost.Keys.ToList().ForEach(ForgetOne);
        var all = new CollectOptions(false, 0.000001, TimeSpan.Zero);
        var report = Store.Collect(all, null, CancellationToken.None);
        Assert.Empty(report.DamagedPacks);
        ForgetForgotten(report);
        Assert.Equal(0, Store.Collect(all with { IsDryRun = true }, null, CancellationToken.None).DeadBytes);
        Assert.Equal(Store.Context.PackTable.All().Select(pack => pack.Id.FileName).Order(StringComparer.Ordinal), PackFiles().Select(Path.GetFileName));
    }

    private void Verify() => AssertSpoiled(_lost.Keys, Store.Verify(null, null, CancellationToken.None));

    private void Restart()
    {
        Store.Dispose();
        _opened = OpenStore();
    }

    private void LoseIndex()
    {
        Store.Dispose();
        DeleteIndex();
        _opened = OpenStore();
        Array.ForEach(_jobs, Register);
        Reconcile();
    }

    // A job without generations is gone with the index.
    private void Register(string job)
    {
        if (Store.Jobs().All(known => known.Name != job || !known.IsRegistered))
        {
            Store.Register(JobNamed(job));
        }
    }

    private void Crash()
    {
        Store.Dispose();
        var files = new FaultyFileSystem(_random.Next(2) == 0 ? Fault.CrashKeepingUnsynced : Fault.CrashLosingUnsynced, _random.Next(60));
        var what = _random.Next(3);
        _step = $"crash of {what}";
        try
        {
            using var dying = OpenStore(files);
            Die(dying, files, what);
        }
        catch (StoreException exception) when (exception.Message.Contains("simulated crash", StringComparison.Ordinal) || (exception.Reason == StoreFailure.Corrupt && _lost.Count > 0))
        {
            // That is what it is for.
        }

        _opened = OpenStore();
        if (_random.Next(4) == 0)
        {
            LoseIndex();
        }

        Dump(); // sweeps
        Reconcile();
    }

    private void Die(CheckpointStore dying, IFileSystem files, int what)
    {
        switch (what)
        {
            case 0:
                Dump(dying, "a", null, new int[Pages], Pages);
                break;
            case 1:
                ForgetForgotten(dying.Collect(new CollectOptions(false, 0.000001, TimeSpan.Zero), null, CancellationToken.None));
                break;
            default:
                dying.Dispose();
                Repair(files);
                break;
        }
    }

    // Which of the generations that we are not sure of exist.
    private void Reconcile()
    {
        var present = Present();
        foreach (var name in _unsure.Keys.ToList())
        {
            if (present.Contains(name))
            {
                Confirm(name);
            }
            else
            {
                _unsure.Remove(name);
            }
        }

        // One that has lost its manifest is known to nobody but the index.
        foreach (var name in _lost.Keys.Where(name => !present.Contains(name)).ToList())
        {
            _lost.Remove(name);
        }

        TakeBack(present, _forgotten, _whole);
        TakeBack(present, _forgottenLost, _lost);
    }

    private static void TakeBack(HashSet<GenerationName> present, Dictionary<GenerationName, int[]> from, Dictionary<GenerationName, int[]> to)
    {
        foreach (var name in from.Keys.Where(present.Contains).ToList())
        {
            from.Remove(name, out var pages);
            to.Add(name, pages!);
        }
    }

    private HashSet<GenerationName> Present() => [.. Store.Jobs().SelectMany(job => Store.Generations(job.Name)).Select(record => record.Name)];

    // A bit anywhere in a pack: it is found, and only what lies in that record can be lost.
    private void Flip()
    {
        var packs = PackFiles();
        if (packs.Length == 0)
        {
            return;
        }

        var pack = packs[_random.Next(packs.Length)];
        var at = _random.Next((int)new FileInfo(pack).Length);
        var isRecord = IsInRecord(pack, at);
        FlipBit(pack, at);
        _step = $"flip at {at} of {Path.GetFileName(pack)}";
        if (_random.Next(2) == 0)
        {
            DumpBeside();
        }

        var found = Store.Verify(null, null, CancellationToken.None);
        Assert.True(found.Damages.Any(damage => damage.Where.Contains(Path.GetFileName(pack), StringComparison.Ordinal)), $"not found: {string.Join("; ", found.Damages)}");
        if (_random.Next(3) == 0)
        {
            Heal();
        }

        Store.Dispose();
        var report = Repair(new LinuxFileSystem());
        Assert.True(isRecord || report.LostGenerations.All(_lost.ContainsKey), "lost by damage of a frame");
        TakeLosses(report.LostGenerations);
        _opened = OpenStore();
        Verify();
    }

    // What is written before the damage is known may be as bad.
    private void DumpBeside()
    {
        try
        {
            Dump();
        }
        catch (StoreException exception) when (exception.Reason == StoreFailure.Corrupt)
        {
            _unsure.Clear();
        }
    }

    // The same pages again: whatever needs only them is whole again.
    private void Heal()
    {
        if (Choose(_whole.Keys) is { } name)
        {
            var pages = _whole[name];
            using var writer = Store.Begin("a", null);
            using (var content = writer.OpenContent("memory"))
            {
                for (var page = 0; page < Pages; page++)
                {
                    if (pages[page] != 0)
                    {
                        content.Write((ulong)page * Page, Bytes(page, pages[page]));
                    }
                }
            }

            writer.PutImage("image", Noise(200, (int)writer.Name.Number));
            writer.Commit(Summary);
            _whole.Add(writer.Name, (int[])pages.Clone());
            _everCommitted.Add(writer.Name);
            Assert.Empty(Store.Verify(writer.Name, null, CancellationToken.None).Damages);
        }
    }

    private void TakeLosses(IReadOnlyList<GenerationName> lost)
    {
        foreach (var name in lost.Where(name => !_lost.ContainsKey(name)))
        {
            Assert.True(_whole.Remove(name, out var pages), $"{name} is said to be lost, and nobody knew it");
            _lost.Add(name, pages!);
        }

        foreach (var name in _lost.Keys.Except(lost).ToList())
        {
            _lost.Remove(name, out var pages);
            _whole.Add(name, pages!);
        }
    }

    private RepairReport Repair(IFileSystem files)
        => CheckpointStore.Repair(StorePath, Options, NullLoggerFactory.Instance, new RepairOptions(false, TimeSpan.Zero), null, files, CancellationToken.None);

    private void Move()
    {
        if (Choose(_whole.Keys) is { } name)
        {
            using var stream = new MemoryStream();
            Store.Export(name, stream, null, CancellationToken.None);
            stream.Position = 0;
            var moved = Store.Import(stream, "moved", null, CancellationToken.None).Generation;
            Assert.DoesNotContain(moved, _everCommitted);
            _whole.Add(moved, (int[])_whole[name].Clone());
            _everCommitted.Add(moved);
        }
    }

    private void Compare()
    {
        if (Choose(_whole.Keys) is { } one && Choose(_whole.Keys) is { } other)
        {
            var expected = Enumerable.Range(0, Pages).Where(page => !Same(page, _whole[one][page], _whole[other][page]));
            Assert.Equal(expected, Store.Changes(one, other, "memory").SelectMany(range => Enumerable.Range((int)(range.Offset / Page), (int)(range.Bytes / Page))));
        }
    }

    private static bool Same(int page, int version, int other) => version == other || (version != 0 && other != 0 && Bytes(page, version).AsSpan().SequenceEqual(Bytes(page, other)));

    private void CheckAll()
    {
        AssertSpoiled(_lost.Keys, Store.Verify(null, null, CancellationToken.None));
        Assert.Equal(InOrder(_whole.Keys.Concat(_lost.Keys)), InOrder(Present()));
        Assert.All(_whole, pair => AssertReadsBack(pair.Key, pair.Value));
    }

    // A dump may have healed what a repair could not.
    private void AssertSpoiled(IEnumerable<GenerationName> expected, VerifyReport report)
    {
        var spoiled = report.Damages.SelectMany(damage => damage.Generations).ToHashSet();
        foreach (var name in expected.Except(spoiled).ToList())
        {
            _lost.Remove(name, out var pages);
            _whole.Add(name, pages!);
            AssertReadsBack(name, pages!);
        }

        Assert.Equal(InOrder(_lost.Keys), InOrder(spoiled));
    }

    private void AssertReadsBack(GenerationName name, int[] pages)
    {
        var read = ReadPages(Store, name);
        Assert.Equal(Enumerable.Range(0, Pages).Where(page => pages[page] != 0), read.Keys.Select(offset => (int)(offset / Page)));
        Assert.All(read, pair => Assert.True(Bytes((int)(pair.Key / Page), pages[pair.Key / Page]).AsSpan().SequenceEqual(pair.Value), $"{name}: page {pair.Key / Page}"));
    }

    private bool IsInRecord(string pack, int at)
    {
        Assert.True(PackId.TryParseFileName(Path.GetFileName(pack), out var id));
        using var lease = Store.Context.Packs.Borrow(id);
        return lease!.Pack.ReadTrailer().Entries.Any(entry => at >= entry.Offset && at < entry.End);
    }

    private void FlipBit(string pack, int at)
    {
        using var file = File.Open(pack, FileMode.Open);
        file.Position = at;
        var old = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)(old ^ (1 << _random.Next(8))));
    }

    private GenerationName? Choose(IEnumerable<GenerationName> names)
    {
        var all = InOrder(names).ToList();
        return all.Count == 0 ? null : all[_random.Next(all.Count)];
    }

    private static IEnumerable<GenerationName> InOrder(IEnumerable<GenerationName> names)
        => names.OrderBy(name => name.Job, StringComparer.Ordinal).ThenBy(name => name.Number);

    private static byte[] Bytes(int page, int version)
    {
        var bytes = new byte[Page];
        var state = ((ulong)(page % 90) << 8) | (uint)version;
        for (var at = 0; at < Page; at += 8)
        {
            state = unchecked((state * 6364136223846793005) + 1442695040888963407);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), version > 4 && at > 512 ? 0 : state);
        }

        return bytes;
    }
}
