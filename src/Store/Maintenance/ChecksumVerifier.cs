using Checkpointer.Store.Files;
using Checkpointer.Store.Interop;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Maintenance;

/// <summary>
/// What can be said of an encrypted store without its key: every byte of every pack is as it was written, by guards and trailers. Whose they are, whether a pack is missing, and whether
/// somebody put bytes there who could make a checksum, too, cannot be said. One thread.
/// </summary>
internal sealed class ChecksumVerifier(IFileSystem files, StorePaths paths, Guid store, IProgress<long>? bytesDone, CancellationToken cancellation)
{
    private readonly List<Damage> _damages = [];
    private readonly VerifyTally _tally = new(bytesDone);
    private byte[] _record = new byte[1 << 17];

    /// <summary>Reads all packs. No generation is walked.</summary>
    public VerifyReport Run()
    {
        using var readers = FileLock.Shared(paths.ReadersLock);
        foreach (var id in CrashSweep.PacksOnDisk(files, paths))
        {
            Verify(id);
        }

        _tally.Finish();
        return new VerifyReport(_tally.Packs, _tally.Chunks, _tally.Bytes, [], _damages);
    }

    private void Verify(PackId id)
    {
        try
        {
            using var pack = PackFile.Open(files, paths, id, store);
            if (pack is not null)
            {
                _tally.AddPack();
                pack.ProveHeader();
                Verify(pack, pack.ReadTrailer());
            }
        }
        catch (PackFormatException exception)
        {
            Add(id, exception.Offset, exception.Message);
        }
        catch (StoreException exception) when (exception.Reason == StoreFailure.Corrupt)
        {
            Add(id, 0, exception.Message);
        }
    }

    private void Verify(PackFile pack, PackTrailer trailer)
    {
        _tally.Add(PackFormat.HeaderBytes + pack.Bytes - trailer.Offset, 0);
        foreach (var entry in trailer.Entries)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                Verify(pack, entry);
                _tally.Add(entry.RecordBytes, 1);
            }
            catch (PackFormatException exception)
            {
                Add(trailer.Pack, entry.Offset, exception.Message);
            }
        }
    }

    private void Verify(PackFile pack, PackEntry entry)
    {
        if (_record.Length < entry.RecordBytes)
        {
            _record = new byte[entry.RecordBytes];
        }

        var record = _record.AsSpan(0, entry.RecordBytes);
        PackFormatException.Require(pack.Read(entry.Offset, record) == record.Length, entry.Offset, "the pack ends inside a record");
        var header = RecordHeader.Read(record, entry.Offset);
        PackFormatException.Require(PackEntry.Of(header, entry.Offset) == entry, entry.Offset, $"the record is of chunk {header.Chunk}, not of {entry.Chunk}");
        PackFormatException.Require(PackFormat.Guard(record[PackFormat.RecordHeaderBytes..]) == header.PayloadGuard, entry.Offset, "a payload does not match its guard");
    }

    private void Add(PackId pack, long offset, string what) => _damages.Add(new Damage($"{pack.FileName} at {offset}", what, []));
}
