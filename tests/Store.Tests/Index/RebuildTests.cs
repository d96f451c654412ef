using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Index;

/// <summary>The index is a cache of the packs.</summary>
[Trait("kind", "store")]
public sealed class RebuildTests : StoreTest
{
    [Fact]
    public void DeletedIndex_IsRebuilt_Equal()
    {
        Options.PackBytesMax = 1 << 20;
        string before;
        using (var store = OpenStoreWithJob("a"))
        {
            store.Register(JobNamed("b") with { Cgroup = "/sys/fs/cgroup/b", Policy = "{\"files\":{}}" });
            GenerationName? based = null;
            for (var i = 0; i < 4; i++)
            {
                based = Commit(store, "a", based, content => content.Write((ulong)i << 22, Noise(100 * Page, i)), [(byte)i]).Name;
                Commit(store, "b", null, content => content.Write(0, Noise(200 * Page, i))); // dedups against a
            }

            store.Unregister("b");
            Commit(store, "b", null, content => content.Write(0, Noise(600 * Page, 9)));
            before = Dump(store);
        }

        DeleteIndex();

        using var rebuilt = OpenStore();
        Assert.Equal(before, Dump(rebuilt));
        Assert.False(rebuilt.Job("b").IsRegistered);
        Assert.Equal(("/sys/fs/cgroup/b", "{\"files\":{}}"), (rebuilt.Job("b").Cgroup, rebuilt.Job("b").Policy));
        AssertSound(rebuilt);
        Assert.Equal(5, Commit(rebuilt, "a", new GenerationName("a", 4), _ => { }).Name.Number);
        Assert.Equal(6, Commit(rebuilt, "b", null, _ => { }).Name.Number);
    }

    [Fact]
    public void DeletedIndex_WithItsWalLeftBehind_IsRebuilt()
    {
        using var store = OpenStoreWithJob();
        var name = Commit(store, "job", null, content => content.Write(0, Noise(8 * Page, 1))).Name;
        Assert.True(File.Exists(Paths.Index + "-wal"), "no WAL");
        var wal = File.ReadAllBytes(Paths.Index + "-wal");
        store.Dispose();
        File.Delete(Paths.Index);
        File.WriteAllBytes(Paths.Index + "-wal", wal);

        using var rebuilt = OpenStore();

        Assert.Equal(8, ReadPages(rebuilt, name).Count);
        AssertSound(rebuilt);
    }

    [Fact]
    public void IndexFromABackup_TakesUpTheGenerationsThatItMissed()
    {
        using (var store = OpenStoreWithJob())
        {
            Commit(store, "job", null, content => content.Write(0, Noise(8 * Page, 1)));
        }

        var backup = File.ReadAllBytes(Paths.Index);
        using (var store = OpenStore())
        {
            Commit(store, "job", new GenerationName("job", 1), content => content.Write(0, Noise(Page, 2)));
        }

        File.WriteAllBytes(Paths.Index, backup);

        using var restored = OpenStore();
        var next = Commit(restored, "job", new GenerationName("job", 1), _ => { }).Name;
        Assert.Equal(3, next.Number);
        Assert.Equal([1, 2, 3], restored.Generations("job").Select(generation => generation.Name.Number));
        AssertSound(restored);
    }

    [Fact]
    public void Rebuild_WithADamagedTrailer_FindsTheGenerationByItsRecords()
    {
        GenerationName name;
        using (var store = OpenStoreWithJob())
        {
            name = Commit(store, "job", null, content => content.Write(0, Noise(8 * Page, 1))).Name;
        }

        DeleteIndex();
        var pack = Assert.Single(PackFiles());
        var bytes = File.ReadAllBytes(pack);
        bytes[^70] ^= 4;
        File.WriteAllBytes(pack, bytes);

        using var rebuilt = OpenStore();
        Assert.Equal(8, ReadPages(rebuilt, name).Count);
        var damage = Assert.Single(rebuilt.Verify(null, null, CancellationToken.None).Damages);
        Assert.Equal([name], damage.Generations);
    }

    [Fact]
    public void Rebuild_WithoutAnEarlierPack_LeavesTheGenerationOut_AndKeepsTheRest()
    {
        Options.PackBytesMax = 1 << 20;
        string[] firstPacks;
        using (var store = OpenStoreWithJob())
        {
            Commit(store, "job", null, content => content.Write(0, Noise(600 * Page, 1)));
            firstPacks = [.. store.Context.PackTable.All().Select(pack => pack.Id.FileName)];
            Commit(store, "job", null, content => content.Write(0, Noise(16 * Page, 2)));
        }

        DeleteIndex();
        File.Delete(Path.Combine(Paths.Packs, firstPacks[0]));

        using var rebuilt = OpenStore();
        Assert.Equal([2L], rebuilt.Generations("job").Select(generation => generation.Name.Number));
        Assert.Equal(3, Commit(rebuilt, "job", null, _ => { }).Name.Number);
        Assert.All(firstPacks[1..], name => Assert.True(File.Exists(Path.Combine(Paths.Packs, name)), "a sweep after a rebuild removed a pack"));
        AssertSound(rebuilt);
    }

    private static string Dump(CheckpointStore store)
        => string.Join('\n', store.Context.Index.Run(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText =
                """
                SELECT 'job', name, pid, start_ticks, boot_id, command, registered_at, is_registered, next_number, 0, 0, 0, 0 FROM jobs
                UNION ALL SELECT 'generation', j.name, number, hex(manifest), created_at, duration, new_bytes, kind, tracker, capture,
                    freeze_us, processes, threads || populated_bytes || dirty_bytes FROM generations g JOIN jobs j ON j.id = g.job_id
                UNION ALL SELECT 'pack', hex(pack_id), bytes, chunks, hex(trailer_hash), 0, 0, 0, 0, 0, 0, 0, 0 FROM packs
                UNION ALL SELECT 'chunk', hex(chunk_id), hex(p.pack_id), offset, stored_bytes, plain_bytes, kind, codec, 0, 0, 0, 0, 0
                    FROM chunks c JOIN packs p ON p.id = c.pack
                ORDER BY 1, 2, 3
                """;
            using var reader = command.ExecuteReader();
            var rows = new List<string>();
            while (reader.Read())
            {
                rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(reader.GetValue)));
            }

            return rows;
        }));
}
