namespace Checkpointer.Engine.Restore;

/// <summary>Finds addresses that nothing of a process under restore is to be at, for what must be mapped before it is moved to its place.</summary>
internal static class AddressRoom
{
    // The largest of huge pages; attachments of segments in huge pages must be so aligned.
    private const ulong Alignment = 1ul << 30;
    private const ulong End = 0x7f00_0000_0000;
    private const ulong PageBytes = 4096;

    /// <summary>The first address.</summary>
    /// <param name="process">The process.</param>
    /// <param name="bytes">How much is needed.</param>
    public static ulong Find(RestoredProcess process, ulong bytes)
    {
        var space = process.Images.Space;
        var gate = process.Gate.Base.Address;
        var taken = space.Mappings.Select(mapping => (mapping.Start, mapping.End))
            .Append((space.StartBrk, space.Brk + PageBytes)).Append((gate, gate + TreeBuilder.HoleBytes)).OrderBy(range => range.Item1);
        var room = Alignment;
        foreach (var (start, end) in taken)
        {
            if (start >= room + bytes)
            {
                break;
            }

            room = Math.Max(room, (end + Alignment - 1) / Alignment * Alignment);
        }

        return room + bytes <= End
            ? room
            : throw new EngineException(EngineFailure.Failed, $"The address space of process {process.Id} leaves no room for {bytes} bytes.");
    }
}
