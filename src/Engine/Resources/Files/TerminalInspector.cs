using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>Tells what the terminals of a job are like and whose controlling terminals they are, and refuses those that cannot be made again. Touches nothing.</summary>
/// <param name="uses">Terminals that the job holds an end of.</param>
/// <param name="isShellJob">The terminal that the job was started in is replaced by that of whoever restores.</param>
/// <param name="findings">Told what is refused or differs.</param>
internal sealed class TerminalInspector(IReadOnlyCollection<TerminalUse> uses, bool isShellJob, FindingList findings)
{
    /// <summary>Inspects them all.</summary>
    /// <param name="live">Processes of the job, the root first.</param>
    /// <param name="duplicates">To ask.</param>
    public void Inspect(IReadOnlyList<ProcessId> live, Duplicates duplicates)
    {
        foreach (var use in uses.Where(use => !use.IsHungUp))
        {
            use.Image.HasMaster = use.Master is not null;
            use.Image.IsOutside = !use.Image.HasMaster;
            Ask(use, duplicates);
            if (use.Image.IsOutside && !isShellJob)
            {
                RefuseOutside(use);
            }
        }

        RefuseSeveral([.. uses.Where(use => use.Image.IsOutside)]);
        var stats = live.Select(ProcFs.TryStat).OfType<ProcStat>().ToList();
        foreach (var session in stats.GroupBy(stat => stat.Session))
        {
            InspectSession(session.Key, [.. session], stats[0].Session);
        }

        foreach (var use in uses.Where(use => use.Master is not null && use.Image.Session == 0))
        {
            RefuseForeignSession(use, duplicates);
        }
    }

    private void Ask(TerminalUse use, Duplicates duplicates)
    {
        using var master = use.Master is null ? null : duplicates.TryTake(use.Master);
        using var slave = use.Slave is null ? null : duplicates.TryTake(use.Slave);
        if ((slave ?? master) is not { } either || TerminalCalls.TrySettings(either) is not { } settings)
        {
            // Closed meanwhile: only in preflight, where the processes run on.
            return;
        }

        var image = use.Image;
        image.Settings = ByteString.CopyFrom(TerminalCalls.BytesOf(settings));
        if (settings.c_line != 0)
        {
            findings.Refuse(use.First.Process, "terminal", $"{use.Name}, a terminal of process {use.First.Process}, has line discipline {settings.c_line}; that is not carried.");
        }

        image.Window = ByteString.CopyFrom(TerminalCalls.BytesOf(TerminalCalls.Window(either)));
        if (image.IsOutside)
        {
            return;
        }

        image.LockedSettings = ByteString.CopyFrom(TerminalCalls.LockedSettings(either));
        image.IsExclusive = slave is not null && TerminalCalls.Flag(slave, TerminalRequest.TIOCGEXCL);
        if (master is not null)
        {
            image.IsMasterExclusive = TerminalCalls.Flag(master, TerminalRequest.TIOCGEXCL);
            image.IsLocked = TerminalCalls.Flag(master, TerminalRequest.TIOCGPTLCK);
            image.IsPacketMode = TerminalCalls.Flag(master, TerminalRequest.TIOCGPKT);
            image.WasOpened = slave is not null || (SocketCalls.Poll(master, 0) & SocketNumber.POLLHUP) != 0;
        }

        if (FileStat.TryOf(use.Name) is { } node)
        {
            (image.Mode, image.Owner, image.Group) = (node.Permissions, node.Owner, node.Group);
        }
    }

    private void RefuseOutside(TerminalUse use) => findings.Refuse(
        use.First.Process, "terminal",
        $"Descriptor {use.First.Number} of process {use.First.Process} is the terminal {use.Name}, whose other end is outside of the job; "
            + "dump it with --shell-job, to go on in the terminal of whoever restores, or start it with its input and output in files.");

    private void RefuseSeveral(IReadOnlyList<TerminalUse> outside)
    {
        if (isShellJob && outside.Count > 1)
        {
            findings.Refuse(
                outside[1].First.Process, "terminal",
                $"The job has two terminals from outside, {outside[0].Name} and {outside[1].Name}; --shell-job can replace one only.");
        }
    }

    /// <summary>A terminal of the job is the controlling terminal of all of a session but those that gave it up.</summary>
    private void InspectSession(int session, IReadOnlyList<ProcStat> members, int rootSession)
    {
        if (members.FirstOrDefault(member => member.TtyNr != 0) is not { } attached)
        {
            return;
        }

        var device = TerminalNames.Decode(attached.TtyNr);
        if (uses.FirstOrDefault(use => use.Image.Device == device && use.Master is not null) is not { } use)
        {
            if (uses.FirstOrDefault(use => use.Image.Device == device && use.Image.IsOutside) is { } outside)
            {
                outside.Image.ForegroundGroup = attached.TtyForegroundGroup;
            }

            NoteOutside(session, device, attached, isShellJob && session == rootSession);
        }
        else if (members.FirstOrDefault(member => member.Pid == session) is { } leader)
        {
            use.Image.Session = session;
            use.Image.ForegroundGroup = leader.TtyForegroundGroup;
            use.Image.Detached.AddRange(members.Where(member => member.TtyNr == 0).Select(member => member.Pid));
        }
    }

    private void NoteOutside(int session, ulong device, ProcStat member, bool isReplaced)
    {
        if (!isReplaced)
        {
            findings.Note(
                new ProcessId(member.Pid), "terminal",
                $"The controlling terminal of session {session}, {TerminalNames.Of(device)}, is outside of the job; after a restore the session has none.");
        }
    }

    private void RefuseForeignSession(TerminalUse use, Duplicates duplicates)
    {
        using var master = duplicates.TryTake(use.Master!);
        if (master is not null && TerminalCalls.TryNumber(master, TerminalRequest.TIOCGSID) is { } session && session != 0)
        {
            findings.Refuse(
                use.First.Process, "terminal",
                $"{use.Name}, a terminal that process {use.First.Process} made, is the controlling terminal of session {session}, whose leader is outside of the job; that is not carried.");
        }
    }
}
