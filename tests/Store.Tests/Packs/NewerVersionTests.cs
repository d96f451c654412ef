using Checkpointer.Store.Packs;
using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Packs;

/// <summary>What a newer release wrote is refused as such, not taken for damage, and nothing is removed.</summary>
[Trait("kind", "store")]
public sealed class NewerVersionTests : StoreTest
{
    [Theory]
    [InlineData(0, PackFormat.HeaderVersionAt, PackFormat.HeaderGuardAt)]
    [InlineData(0, PackFormat.HeaderFlagsAt, PackFormat.HeaderGuardAt)]
    [InlineData(PackFormat.HeaderBytes, PackFormat.RecordKindAt, PackFormat.RecordGuardAt)]
    [InlineData(PackFormat.HeaderBytes, PackFormat.RecordCodecAt, PackFormat.RecordGuardAt)]
    [InlineData(PackFormat.HeaderBytes, PackFormat.RecordFlagsAt, PackFormat.RecordGuardAt)]
    public void UnknownValue_WithARightGuard_IsUnsupported(int structureAt, int fieldAt, int guardAt)
    {
        GenerationName name;
        using (var store = OpenStoreWithJob())
        {
            name = Commit(store, "job", null, content => content.Write(0, Noise(Page, 1))).Name;
        }

        var pack = Assert.Single(PackFiles());
        var bytes = File.ReadAllBytes(pack);
        bytes[structureAt + fieldAt] |= 0x40;
        BitConverter.TryWriteBytes(bytes.AsSpan(structureAt + guardAt), PackFormat.Guard(bytes.AsSpan(structureAt, guardAt)));
        File.WriteAllBytes(pack, bytes);

        using (var store = OpenStore())
        {
            Fails(StoreFailure.UnsupportedVersion, () => ReadPages(store, name));
            Assert.NotEmpty(store.Verify(name, null, CancellationToken.None).Damages);
        }

        Assert.True(File.Exists(pack), "the pack was removed");
    }

    [Fact]
    public void Rebuild_MeetingANewerPack_IsUnsupported()
    {
        using (var store = OpenStoreWithJob())
        {
            Commit(store, "job", null, content => content.Write(0, Noise(Page, 1)));
        }

        var pack = Assert.Single(PackFiles());
        var bytes = File.ReadAllBytes(pack);
        bytes[PackFormat.HeaderVersionAt]++;
        BitConverter.TryWriteBytes(bytes.AsSpan(PackFormat.HeaderGuardAt), PackFormat.Guard(bytes.AsSpan(0, PackFormat.HeaderGuardAt)));
        File.WriteAllBytes(pack, bytes);
        DeleteIndex();

        Fails(StoreFailure.UnsupportedVersion, () => OpenStore());
    }
}
