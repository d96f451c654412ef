using Checkpointer.Store.Encryption;
using Checkpointer.Store.Interop;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointer.Store.Tests.Encryption;

/// <summary>Keys that are missing, wrong, weak, damaged, added, changed and removed.</summary>
[Trait("kind", "store")]
public sealed class KeyTests : EncryptedStoreTest
{
    private const string Passphrase = "correct horse battery staple";

    [Fact]
    public void WithoutTheKey_TheStoreDoesNotOpen_AndSaysSo()
    {
        Make();
        var failure = FailsToOpen("");
        Assert.Contains("encrypted", failure.Message, StringComparison.Ordinal);
        Assert.Contains("--key-file", failure.Hint!, StringComparison.Ordinal);
        Assert.Contains("is none of those", FailsToOpen(NewKeyFile("other.key")).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be read", FailsToOpen(Path.Combine(Root, "absent.key")).Message, StringComparison.Ordinal);
        Fails(StoreFailure.NoKey, () => CheckpointStore.Repair(
            StorePath, new StoreOptions(), NullLoggerFactory.Instance, new RepairOptions(false, TimeSpan.Zero), null, CancellationToken.None));
    }

    [Fact]
    public void AKeyFileThatOthersMayRead_IsRefused()
    {
        Make();
        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.Contains("others", FailsToOpen(KeyFile).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AKeyFileIsNotMadeOverAnother() => Assert.ThrowsAny<IOException>(() => StoreSecret.CreateFile(KeyFile));

    // It could have been put into the place of an encrypted one.
    [Fact]
    public void AStoreInTheClear_IsRefusedWhereAKeyIsNamed()
    {
        Options.KeyFile = "";
        OpenStore().Dispose();
        Assert.Contains("is not encrypted", FailsToOpen(KeyFile).Message, StringComparison.Ordinal);
        Fails(StoreFailure.NoKey, () => StoreKeys.All(StorePath));
        Options.KeyFile = "";
        OpenStore().Dispose();
    }

    [Fact]
    public void ADowngradedFormat_IsRefused()
    {
        Make();
        File.WriteAllText(Paths.Format, File.ReadAllText(Paths.Format).Replace("\"version\":5", "\"version\":4", StringComparison.Ordinal));
        FailsToOpen(KeyFile);
    }

    [Fact]
    public void APassphraseOpens_AndShortOnesAreRefused()
    {
        Options.KeyFile = PassphraseFile("short", "hunter2");
        Assert.Contains("at least", Fails(StoreFailure.NoKey, () => OpenStore()).Message, StringComparison.Ordinal);
        Options.KeyFile = PassphraseFile("passphrase", Passphrase);
        var name = Make();

        Options.KeyFile = PassphraseFile("wrong", Passphrase + "s");
        Assert.Contains("passphrase", Fails(StoreFailure.NoKey, () => OpenStore()).Message, StringComparison.Ordinal);
        Options.KeyFile = "";
        Options.UseSecret(StoreSecret.FromPassphrase(Passphrase));
        using var store = OpenStore();
        Assert.Equal(8, ReadPages(store, name).Count);
    }

    [Fact]
    public void KeysComeAndGo_AndTheMasterKeyStays()
    {
        var name = Make();
        var first = Assert.Single(StoreKeys.All(StorePath));
        var other = NewKeyFile("other.key");
        var added = StoreKeys.Add(StorePath, Options, StoreSecret.FromFile(other), "spare");
        Assert.Equal(["first", "spare"], StoreKeys.All(StorePath).Select(key => key.Label));
        Assert.Contains("by which", Fails(StoreFailure.Failed, () => StoreKeys.Remove(StorePath, Options, first.Id)).Message, StringComparison.Ordinal);

        var byOther = new StoreOptions { KeyFile = other };
        StoreKeys.Remove(StorePath, byOther, first.Id);
        FailsToOpen(KeyFile);
        Fails(StoreFailure.NotFound, () => StoreKeys.Remove(StorePath, byOther, first.Id));

        var third = NewKeyFile("third.key");
        var changed = StoreKeys.Change(StorePath, byOther, StoreSecret.FromFile(third));
        Assert.NotEqual(added.Id, changed.Id);
        Assert.Equal(changed, Assert.Single(StoreKeys.All(StorePath)));
        FailsToOpen(other);
        Options.KeyFile = third;
        using var store = OpenStore();
        Assert.Equal(8, ReadPages(store, name).Count);
    }

    [Fact]
    public void AKeyOfAnotherStore_OpensNothing()
    {
        Make();
        var slot = Directory.GetFiles(Paths.Keys).Single();
        var text = File.ReadAllText(slot);
        Directory.Delete(StorePath, recursive: true);
        Make();
        Directory.GetFiles(Paths.Keys).ToList().ForEach(File.Delete);
        File.WriteAllText(slot, text); // wrapped by the right secret, of the other store
        FailsToOpen(KeyFile);
    }

    [Fact]
    public void ADamagedKey_IsPassedOver_AndTheLastOneIsNot()
    {
        Make();
        var slot = Directory.GetFiles(Paths.Keys).Single();
        var whole = File.ReadAllText(slot);
        File.WriteAllText(Path.Combine(Paths.Keys, "0123456789abcdef.key"), "{");
        OpenStore().Dispose();
        File.WriteAllText(slot, whole.Replace("\"iterations\":0", "\"iterations\":1", StringComparison.Ordinal));
        Options.KeyFile = KeyFile;
        Assert.Contains("no key that can be read", Fails(StoreFailure.Corrupt, () => OpenStore()).Message, StringComparison.Ordinal);
        Directory.Delete(Paths.Keys, recursive: true);
        Fails(StoreFailure.Corrupt, () => OpenStore());
    }

    [Fact]
    public void EveryFieldOfAKey_IsBoundToIt()
    {
        var secret = StoreSecret.FromFile(KeyFile);
        var store = Guid.NewGuid();
        var master = Noise(32, 1);
        var slot = KeySlot.Wrap(secret, master, store, "label", DateTimeOffset.UnixEpoch);
        Span<byte> back = stackalloc byte[32];
        Assert.True(slot.TryUnwrap(secret, store, back));
        Assert.Equal(master, back.ToArray());
        Assert.False(slot.TryUnwrap(secret, Guid.NewGuid(), back));
        foreach (var other in (KeySlot[])
            [
                slot with { Label = "other" }, slot with { Id = new string('0', 16) }, slot with { CreatedAt = DateTimeOffset.UnixEpoch.AddSeconds(1) },
                slot with { Salt = Noise(32, 2) }, slot with { Nonce = Noise(12, 2) }, slot with { Wrapped = Noise(48, 2) },
            ])
        {
            Assert.False(other.TryUnwrap(secret, store, back), other.ToString());
        }
    }

    [Fact]
    public void FuzzedKeys_AreRefusedOrOpen()
    {
        var secret = StoreSecret.FromFile(KeyFile);
        var master = Noise(32, 1);
        var bytes = KeySlot.Wrap(secret, master, Guid.Empty, "label", DateTimeOffset.UnixEpoch).Encode();
        var random = new Random(Seed(7));
        var refused = 0;
        var back = new byte[32];
        for (var i = 0; i < 5000; i++)
        {
            var changed = (byte[])bytes.Clone();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            }

            try
            {
                // A bit of base64 that means nothing may have changed: then it is the same key.
                Assert.True(!KeySlot.Decode(changed).TryUnwrap(secret, Guid.Empty, back) || back.AsSpan().SequenceEqual(master));
            }
            catch (FormatException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1000, 5000);
    }

    [Fact]
    public void ACrashWhileTheStoreIsMade_LeavesOneThatIsMadeAgain()
    {
        for (var step = 0; ; step++)
        {
            var files = new Support.FaultyFileSystem(Support.Fault.CrashLosingUnsynced, step);
            try
            {
                OpenStore(files).Dispose();
            }
            catch (StoreException)
            {
                Assert.True(files.HasFailed);
            }

            using (var store = OpenStore())
            {
                Assert.True(StoreKeys.IsEncrypted(StorePath));
                Assert.Single(StoreKeys.All(StorePath));
            }

            Directory.Delete(StorePath, recursive: true);
            if (!files.HasFailed)
            {
                return;
            }
        }
    }

    private GenerationName Make()
    {
        using var store = OpenStoreWithJob();
        return Commit(store, "job", null, content => content.Write(0, Noise(8 * Page, 1))).Name;
    }

    private StoreException FailsToOpen(string keyFile)
    {
        var options = new StoreOptions { KeyFile = keyFile };
        return Fails(StoreFailure.NoKey, () => CheckpointStore.Open(StorePath, options, NullLoggerFactory.Instance, new LinuxFileSystem(), TimeProvider.System));
    }
}
