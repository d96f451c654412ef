using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Adds to epoll sets what they watch. The kernel knows a watched file by the descriptor number under which it was added, so the job's process adds it,
/// under that number: where the number is another file's by now, that one steps aside for a moment.
/// </summary>
internal sealed class EpollFiller(RestoredProcess process, DescriptorTable table, DescriptorTransfer transfer, IReadOnlyDictionary<uint, SafeFd> openFiles)
{
    private const int TargetsPerRound = 512;
    private const int EventBytes = 16;

    /// <summary>Fills one set. Precondition: the process has all its descriptors, and the way to us is open.</summary>
    public void Fill(int epoll, IReadOnlyList<EpollTarget> targets)
    {
        foreach (var round in targets.Chunk(TargetsPerRound))
        {
            for (var index = 0; index < round.Length; index++)
            {
                var at = process.Arguments + (ulong)(index * EventBytes);
                process.Memory.Write(at, new epoll_event { events = round[index].Events, data = round[index].Data });
                Add(epoll, round[index], at);
            }

            transfer.Run();
        }
    }

    private void Add(int epoll, EpollTarget target, RemotePtr at)
    {
        var number = target.Number;
        var holder = table.Descriptors.FirstOrDefault(descriptor => descriptor.Number == number);
        if (holder?.OpenFile == target.OpenFile)
        {
            AddCall(epoll, number, at);
            return;
        }

        var taken = transfer.Take(openFiles[target.OpenFile], $"file {target.OpenFile}");
        if (taken == number)
        {
            AddCall(epoll, number, at);
            transfer.Close(taken);
            return;
        }

        var aside = holder is null ? -1 : transfer.Duplicate(number, closeOnExec: true);
        var set = epoll == number ? aside : epoll;
        transfer.Duplicate(taken, number, closeOnExec: true);
        AddCall(set, number, at);
        if (holder is null)
        {
            transfer.Close(number);
        }
        else
        {
            transfer.Duplicate(aside, number, holder.CloseOnExec);
            transfer.Close(aside);
        }

        transfer.Close(taken);
    }

    private void AddCall(int epoll, int number, RemotePtr at) => transfer.Call(
        $"epoll_ctl(EPOLL_CTL_ADD, {number}) in process {process.Id}", Sys.EpollCtl, [(ulong)epoll, SpecialFile.EPOLL_CTL_ADD, (ulong)number, at.Address]);
}
