using System.Security.Cryptography;
using System.Text;

namespace Checkpointer.Scheduler.Status;

/// <summary>
/// The word that the page and the metrics are shown for. Every user of a host can connect to a loopback port, and names of others' jobs are none of their business: the word is in a
/// file that only the owner of the store can read.
/// </summary>
internal sealed class StatusToken
{
    /// <summary>Name of the file in the directory of the store.</summary>
    public const string FileName = "status.token";

    private const int Bytes = 24;
    private readonly byte[] _word;

    private StatusToken(string word)
    {
        Word = word;
        _word = Encoding.UTF8.GetBytes(word);
    }

    /// <summary>The word.</summary>
    public string Word { get; }

    /// <summary>Reads the word of a store, or makes it.</summary>
    public static StatusToken Of(string storeDirectory)
    {
        string path = Path.Combine(storeDirectory, FileName);
        try
        {
            // Made with its mode, so that it is never there for others to read.
            using FileStream file = new(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            var made = new StatusToken(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes)));
            file.Write(made._word);
            return made;
        }
        catch (IOException) when (File.Exists(path))
        {
            string word = File.ReadAllText(path).Trim();
            return word.Length > 0 ? new StatusToken(word)
                : throw new SchedulerException(SchedulerFailure.BadConfiguration, $"{path} is empty", "delete it: it is made again");
        }
    }

    /// <summary>Whether this is the word. Takes the same time for each that is not.</summary>
    public bool Is(string? word) => word is not null && CryptographicOperations.FixedTimeEquals(_word, Encoding.UTF8.GetBytes(word));
}
