using System.Security.Cryptography;
using System.Text;

namespace Checkpointer.Store;

/// <summary>What opens an encrypted store: the bytes of a key file, or a passphrase. Wraps the master key, and never is it.</summary>
public sealed class StoreSecret
{
    /// <summary>Fewest characters of a passphrase that is taken for a new key.</summary>
    public const int PassphraseCharactersMin = 12;

    private const string KeyWord = "checkpointer-key-1 ";
    private const int KeyBytes = 32;
    private const int FileBytesMax = 4096;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnersAndPrograms = OwnerOnly | UnixFileMode.UserExecute;

    private StoreSecret(byte[] bytes, bool isPassphrase)
    {
        Bytes = bytes;
        IsPassphrase = isPassphrase;
    }

    /// <summary>Whether it is a passphrase, which may be guessed, so that each guess is made dear.</summary>
    public bool IsPassphrase { get; }

    internal byte[] Bytes { get; }

    /// <summary>A passphrase.</summary>
    /// <exception cref="StoreException">NoKey: it is empty.</exception>
    public static StoreSecret FromPassphrase(string passphrase)
        => passphrase.Length > 0 ? new StoreSecret(Encoding.UTF8.GetBytes(passphrase), isPassphrase: true) : throw new StoreException(StoreFailure.NoKey, "the passphrase is empty");

    /// <summary>Reads a key file that <see cref="CreateFile"/> made, or the passphrase that is the first line of any other file.</summary>
    /// <exception cref="StoreException">NoKey: it cannot be read, others may read it, or it is empty.</exception>
    public static StoreSecret FromFile(string path)
    {
        var text = ReadFirstLine(path);
        if (!text.StartsWith(KeyWord, StringComparison.Ordinal))
        {
            return text.Length > 0 ? FromPassphrase(text) : throw new StoreException(StoreFailure.NoKey, $"the key file {path} is empty");
        }

        var bytes = new byte[KeyBytes];
        return Convert.TryFromBase64String(text[KeyWord.Length..], bytes, out var length) && length == KeyBytes
            ? new StoreSecret(bytes, isPassphrase: false)
            : throw new StoreException(StoreFailure.NoKey, $"the key file {path} is damaged: it does not hold {KeyBytes} bytes in base64", "take a copy of it");
    }

    /// <summary>Makes a key file with a random key, readable by its owner only. The file must not exist.</summary>
    /// <exception cref="IOException">It exists, or cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written there.</exception>
    public static void CreateFile(string path)
    {
        using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
        file.Write(Encoding.ASCII.GetBytes(KeyWord + Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes)) + "\n"));
        file.Flush(flushToDisk: true);
    }

    private static string ReadFirstLine(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);

            // A pipe, as of a shell's <(...), has no readers but its two ends.
            if (file.CanSeek && (File.GetUnixFileMode(file.SafeFileHandle) & ~OwnersAndPrograms) != 0)
            {
                throw new StoreException(StoreFailure.NoKey, $"others than its owner may read the key file {path}", $"chmod 0600 {path}, and think of who has read it");
            }

            var bytes = new byte[FileBytesMax];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            var line = bytes.AsSpan(0, length);
            return Encoding.UTF8.GetString(line.IndexOf((byte)'\n') is var end and >= 0 ? line[..end] : line).TrimEnd('\r');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(StoreFailure.NoKey, $"the key file cannot be read: {exception.Message}", "name the right one with --key-file or Store:KeyFile", exception);
        }
    }
}
