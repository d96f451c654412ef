using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Dump;

/// <summary>What is known between dumps of the files of a job. A dump that fails leaves it as it was, but for what it learned about busy files.</summary>
internal sealed class FileMemory
{
    private readonly Dictionary<(ulong Device, ulong Inode), FileRecord> _records = [];
    private uint _numbers;

    /// <summary>Begins a dump; without a base, generations hold nothing yet.</summary>
    public void BeginDump(bool hasBase)
    {
        foreach (var record in _records.Values)
        {
            record.BeginDump(hasBase);
        }
    }

    /// <summary>The record of a file.</summary>
    public FileRecord Of(in FileStat stat)
    {
        var key = (stat.Device, stat.Inode);
        if (!_records.TryGetValue(key, out var record) || record.BornNs != stat.BornNs)
        {
            record = new FileRecord(++_numbers, stat.BornNs);
            _records[key] = record;
        }

        return record;
    }

    /// <summary>The last dump is in a committed generation; what is not in it is forgotten.</summary>
    public void Committed()
    {
        foreach (var (key, record) in _records.ToList())
        {
            if (record.IsTaken)
            {
                record.Commit();
                continue;
            }

            _records.Remove(key);
        }
    }
}
