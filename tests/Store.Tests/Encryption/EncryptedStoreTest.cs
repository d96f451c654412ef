using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Encryption;

/// <summary>Base of the tests of encrypted stores.</summary>
public abstract class EncryptedStoreTest : StoreTest
{
    protected EncryptedStoreTest()
    {
        UseKeyFile();
        KeyFile = Options.KeyFile;
    }

    /// <summary>The file of the first key; <see cref="StoreTest.Options"/> may name another one later.</summary>
    protected string KeyFile { get; }

    protected string NewKeyFile(string name)
    {
        var path = Path.Combine(Root, name);
        StoreSecret.CreateFile(path);
        return path;
    }

    protected string PassphraseFile(string name, string passphrase)
    {
        var path = Path.Combine(Root, name);
        File.WriteAllText(path, passphrase + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }
}
