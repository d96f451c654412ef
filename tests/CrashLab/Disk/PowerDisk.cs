using Microsoft.Win32.SafeHandles;

namespace Checkpointer.CrashLab.Disk;

/// <summary>What a power cut does to writes that a disk has taken and not flushed yet.</summary>
internal enum CutLoss
{
    /// <summary>None of them reached the medium.</summary>
    All,

    /// <summary>Any part of them did, sector by sector, in any order.</summary>
    Random,

    /// <summary>All of them did, in their order: what a disk without a cache holds.</summary>
    None,
}

/// <summary>
/// A disk with a volatile write cache, in a file: what is written is only sure to stay when it was flushed, or was written past the cache. All requests come one after the other.
/// </summary>
internal sealed class PowerDisk : IDisposable
{
    /// <summary>What a disk writes whole or not at all.</summary>
    public const int SectorBytes = 512;

    private readonly Lock _lock = new();
    private readonly string _path;
    private readonly SafeFileHandle _medium;
    private readonly SortedDictionary<long, byte[]> _cache = [];
    private bool _isOff;

    public PowerDisk(string path, DiskRecording? recording = null)
    {
        _path = path;
        _medium = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        Bytes = RandomAccess.GetLength(_medium);
        Recording = recording;
    }

    /// <summary>Its size.</summary>
    public long Bytes { get; }

    /// <summary>What was written, where that is kept.</summary>
    public DiskRecording? Recording { get; }

    /// <summary>True for a disk that says of each flush that it is done, and does nothing: no store can be safe on it.</summary>
    public bool IgnoresFlushes { get; init; }

    /// <summary>Sectors that the last cut found in the cache, and how many of them reached the medium.</summary>
    public (int Unflushed, int Kept) LastCut { get; private set; }

    /// <summary>Reads whole sectors.</summary>
    public void Read(long offset, Span<byte> target)
    {
        lock (_lock)
        {
            RequireOn();
            if (RandomAccess.Read(_medium, target, offset) != target.Length)
            {
                throw new IOException($"a read of {target.Length} bytes at {offset} is behind the end of the disk");
            }

            for (var at = 0; at < target.Length && _cache.Count > 0; at += SectorBytes)
            {
                if (_cache.TryGetValue((offset + at) / SectorBytes, out var sector))
                {
                    sector.CopyTo(target[at..]);
                }
            }
        }
    }

    /// <summary>Writes whole sectors.</summary>
    /// <param name="offset">Where.</param>
    /// <param name="bytes">What.</param>
    /// <param name="isDurable">Past the cache (FUA).</param>
    public void Write(long offset, ReadOnlySpan<byte> bytes, bool isDurable)
    {
        isDurable &= !IgnoresFlushes;
        lock (_lock)
        {
            RequireOn();
            Recording?.Write(offset, bytes, isDurable);
            for (var at = 0; at < bytes.Length; at += SectorBytes)
            {
                var number = (offset + at) / SectorBytes;
                if (isDurable)
                {
                    _cache.Remove(number);
                }
                else
                {
                    _cache[number] = bytes.Slice(at, SectorBytes).ToArray();
                }
            }

            if (isDurable)
            {
                RandomAccess.Write(_medium, bytes, offset);
            }
        }
    }

    /// <summary>Makes all that was written durable.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            RequireOn();
            Recording?.Flush();
            if (!IgnoresFlushes)
            {
                Destage(_medium, _cache);
                _cache.Clear();
            }
        }
    }

    /// <summary>Takes the power away: what is in the cache is lost, or only a part of it, and nothing more is answered.</summary>
    public void Cut(CutLoss loss, Random random)
    {
        lock (_lock)
        {
            RequireOn();
            _isOff = true;
            var kept = Survivors(loss, random);
            LastCut = (_cache.Count, kept.Count);
            Destage(_medium, kept);
            _cache.Clear();
        }
    }

    /// <summary>Makes a copy of the medium as a power cut would leave it now.</summary>
    public void CopyAsCut(string path, CutLoss loss, Random random)
    {
        lock (_lock)
        {
            _ = Kit.Tool.Run(System.IO.Path.GetDirectoryName(path)!, "cp", "--sparse=always", _path, path);
            using var copy = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
            Destage(copy, Survivors(loss, random));
        }
    }

    /// <summary>Puts the power on again.</summary>
    public void PowerOn()
    {
        lock (_lock)
        {
            _isOff = false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _medium.Dispose();

    private void RequireOn()
    {
        if (_isOff)
        {
            throw new IOException("the disk has no power");
        }
    }

    private List<KeyValuePair<long, byte[]>> Survivors(CutLoss loss, Random random)
    {
        var share = loss switch { CutLoss.All => 0, CutLoss.None => 1, _ => random.NextDouble() };
        return [.. _cache.Where(_ => random.NextDouble() < share)];
    }

    private static void Destage(SafeFileHandle medium, IEnumerable<KeyValuePair<long, byte[]>> sectors)
    {
        foreach (var (number, sector) in sectors)
        {
            RandomAccess.Write(medium, sector, number * SectorBytes);
        }
    }
}
