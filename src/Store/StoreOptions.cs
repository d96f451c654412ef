using System.ComponentModel.DataAnnotations;

namespace Checkpointer.Store;

/// <summary>Limits of the store, configuration section <c>Store</c>.</summary>
public sealed class StoreOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Store";

    private StoreSecret? _secret;
    private StoreSecret? _read;
    private string? _readFrom;

    /// <summary>Directory of the store when neither <c>--store</c> nor <c>CHECKPOINTER_STORE</c> names one.
    /// Defaults to <c>/var/lib/checkpointer</c>, where services keep state (hier(7)).</summary>
    [Required]
    public string Directory { get; set; } = "/var/lib/checkpointer";

    /// <summary>A pack is closed when it would grow over this many bytes. Defaults to 256 MiB: few enough files for a
    /// terabyte store, small enough to rewrite.</summary>
    [Range(1L << 20, 1L << 32)]
    public long PackBytesMax { get; set; } = 256L << 20;

    /// <summary>Threads that hash and compress. 0 means one per processor. Defaults to 0.</summary>
    [Range(0, 256)]
    public int Workers { get; set; }

    /// <summary>Nice level of the threads that hash, compress and write (setpriority(2)); ones that are as nice already stay.
    /// Defaults to 10, so that a job goes first; with another level than that of the threads that bring the pages, one side waits for the other.</summary>
    [Range(0, 19)]
    public int Nice { get; set; } = 10;

    /// <summary>File that holds the key or the passphrase of an encrypted store. Where one is named, a store that is made is encrypted, and one that is not is refused.
    /// Defaults to empty: none.</summary>
    public string KeyFile { get; set; } = "";

    /// <summary>What opens the store: the secret that was given, else that of <see cref="KeyFile"/>, else null.</summary>
    /// <exception cref="StoreException">NoKey: the file cannot be read.</exception>
    /// <remarks>Read once: it may be a pipe.</remarks>
    internal StoreSecret? Secret
    {
        get
        {
            if (_secret is not null || KeyFile.Length == 0)
            {
                return _secret;
            }

            if (_readFrom != KeyFile)
            {
                (_read, _readFrom) = (StoreSecret.FromFile(KeyFile), KeyFile);
            }

            return _read;
        }
    }

    /// <summary>Whether a secret was given, or a file of one is named.</summary>
    public bool HasSecret() => _secret is not null || KeyFile.Length > 0;

    /// <summary>Gives a secret that is in no file.</summary>
    public void UseSecret(StoreSecret secret) => _secret = secret;

    /// <summary>The same, with what one generation's writer may use.</summary>
    internal StoreOptions With(WriterLimits limits)
    {
        var other = (StoreOptions)MemberwiseClone();
        (other.Nice, other.Workers) = (limits.Nice ?? Nice, limits.Workers ?? Workers);
        return other;
    }

    /// <summary>Bytes of one write to a pack, whole blocks. 4 MiB keep a fast device busy. Tests take less, to have more steps.</summary>
    internal int WriteBytes { get; set; } = 4 << 20;

    /// <summary>Chunks whose places one transaction of a collection may change: others wait for it, some 10 s. Tests take fewer.</summary>
    internal int CollectChunksMax { get; set; } = 1 << 20;

    /// <summary>Changes kept in memory before they go to the scratch file. Tests take less.</summary>
    internal int ChangesMax { get; set; } = Generations.ChangeScratch.ChangesMax;
}
