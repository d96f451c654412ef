namespace Checkpointer.Store.Files;

/// <summary>
/// The file system as the store uses it: the seam where tests inject crashes, full disks and short writes. Every member
/// throws <see cref="StoreException"/> and nothing else when the system refuses.
/// </summary>
internal interface IFileSystem
{
    /// <summary>Creates a file (mode 0600) that must not exist.</summary>
    IStoreFile Create(string path);

    /// <summary>Opens a file for reading; null when there is none.</summary>
    IStoreFile? OpenRead(string path);

    /// <summary>Moves a file over another in one step.</summary>
    void Rename(string source, string target);

    /// <summary>Makes names inside a directory durable.</summary>
    void SyncDirectory(string path);

    /// <summary>Removes a file; one that is absent is no failure.</summary>
    void Delete(string path);

    /// <summary>Creates a directory (mode 0700) with its parents; one that exists is no failure.</summary>
    void CreateDirectory(string path);

    /// <summary>Gives an existing directory mode 0700.</summary>
    void Protect(string directory);

    /// <summary>Whether there is such a directory, which can be read.</summary>
    bool HasDirectory(string path);

    /// <summary>Names of the entries of a directory; null when there is no such directory.</summary>
    IReadOnlyList<string>? List(string directory);

    /// <summary>Size of a file in bytes; null when there is none.</summary>
    long? Length(string path);
}

/// <summary>An open file of the store.</summary>
internal interface IStoreFile : IDisposable
{
    /// <summary>Path, for messages.</summary>
    string Path { get; }

    /// <summary>Size in bytes.</summary>
    long Length { get; }

    /// <summary>Writes at an offset; returns how many bytes were taken, which may be fewer than asked.</summary>
    int Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Reads at an offset; returns how many bytes came, 0 at the end.</summary>
    int Read(long offset, Span<byte> bytes);

    /// <summary>Asks the kernel to begin writing a range out, so that the later <see cref="Sync"/> is short. Promises nothing.</summary>
    void StartWriteback(long offset, long bytes);

    /// <summary>Asks the kernel to begin reading a range, so that the later <see cref="Read"/> need not wait. Promises nothing.</summary>
    void StartRead(long offset, long bytes);

    /// <summary>Asks the kernel to forget cached contents, so that the next read comes from the device. Promises nothing.</summary>
    void DropCache();

    /// <summary>Makes contents and size durable.</summary>
    void Sync();
}
