namespace Checkpointer.Engine.Dump;

/// <summary>
/// Overview. Shows, when the job runs again, that a content holds the file as it was at the freeze, for a file that was written while it was read
/// ahead. What was copied inside the freeze is right. Every other block is read again:
/// 1. It is what the content holds: it was so before the freeze and is so after it.
/// 2. It differs, and size and times are still those of the freeze, and would not be had anything been written since: it is taken as it is now.
/// 3. It differs, and the file was written since: nothing tells what it was. The dump fails, the block is remembered, and the next dump copies it
/// inside the freeze.
/// A block that is changed before the freeze and changed back to the very same bytes between the freeze and the look here is not seen by 1. So the first block, the last and those at
/// file positions are copied inside the freeze, and a file that is known to be rewritten in place is cloned or copied whole, as far as the budget reaches.
/// </summary>
internal static class FileProof
{
    /// <summary>Proves, and takes what differs where that is sure.</summary>
    /// <returns>Blocks that nothing tells of.</returns>
    public static List<long> Run(FileUnderDump file, IPageSink content, HashSet<long> copied, CancellationToken cancellation)
    {
        var doubtful = new List<long>();
        var data = new HashSet<long>();
        var bytes = file.Frozen.Bytes;
        foreach (var block in file.DataBlocks(0, bytes).Where(block => !copied.Contains(block)))
        {
            cancellation.ThrowIfCancellationRequested();
            data.Add(block);
            var pages = file.Read(block, bytes);
            if (BlockHash.Of(pages) == file.Blocks[block])
            {
                continue;
            }

            if (!IsAsFrozen(file))
            {
                doubtful.Add(block);
                continue;
            }

            _ = file.Blocks.Put(content, block, pages);
        }

        List<long> holes = [.. file.Blocks.Blocks.Where(block => !copied.Contains(block) && !data.Contains(block))];
        if (holes.Count > 0 && !IsAsFrozen(file))
        {
            doubtful.AddRange(holes);
            return doubtful;
        }

        file.Blocks.Clear(content, holes);
        return doubtful;
    }

    private static bool IsAsFrozen(FileUnderDump file) => file.IsSettled && FileStamp.Of(file.Stat()) == FileStamp.Of(file.Frozen);
}
