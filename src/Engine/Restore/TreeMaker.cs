using System.Globalization;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Checkpointer.Engine.Tree;
using Task = Checkpointer.Engine.Interop.Task;

namespace Checkpointer.Engine.Restore;

/// <summary>Takes the steps of a plan: processes make each other, enter sessions and groups; helpers and zombies end.</summary>
internal sealed class TreeMaker(
    GenerationImages images, RestoredProcess root, ControllingTerminals terminals, MemoryBuilder memory, TimeSpan timeout, Action<string> step)
{
    private const int LowestFreeId = 300; // RESERVED_PIDS of kernel/pid.c: given to nobody after a boot

    private readonly Dictionary<int, RestoredProcess> _made = new() { [root.Id.Value] = root };
    private readonly Dictionary<int, ProcessImages> _images = images.Processes.ToDictionary(process => process.Process.Pid);
    private readonly Dictionary<int, Zombie> _zombies = images.Processes.SelectMany(process => process.Process.Zombies).ToDictionary(zombie => zombie.Pid);
    private readonly HashSet<int> _needed = [.. Restorer.AllIds(images)];
    private readonly ZombieBuilder _ends = new(timeout, step);
    private int _lastHelper = images.Processes.Max(process => process.Process.Pid);

    /// <summary>The plan for a generation.</summary>
    /// <exception cref="EngineException">BadImage: there is no order of births; the dump would have been refused.</exception>
    public static TreePlan Plan(GenerationImages images)
    {
        var plan = TreePlan.Of(MembersOf(images));
        return plan.Problem is null ? plan : throw new EngineException(EngineFailure.BadImage, plan.Problem);
    }

    /// <summary>Makes all but the root; what lives is added to <paramref name="processes"/>, in the order of the images, also where this throws.</summary>
    public void Make(List<RestoredProcess> processes)
    {
        var plan = Plan(images);
        try
        {
            foreach (var next in plan.Steps)
            {
                Take(next);
            }
        }
        catch
        {
            foreach (var process in _made.Values.Where(process => !_images.ContainsKey(process.Id.Value)))
            {
                Children.Kill(process.Id);
                process.Dispose();
            }

            throw;
        }
        finally
        {
            processes.AddRange(images.Processes.Skip(1).Select(process => _made.GetValueOrDefault(process.Process.Pid)).OfType<RestoredProcess>());
        }
    }

    private static List<TreeMember> MembersOf(GenerationImages images) =>
    [
        .. images.Processes.Select(process => process.Process).Select(image => new TreeMember(
            image.Pid, images.Processes.Any(parent => parent.Process.Pid == image.ParentPid) ? image.ParentPid : TreeMember.Outside, image.Session, image.ProcessGroup, image.ExitSignal, IsZombie: false, image.FilesSharedWith, image.FileSystemSharedWith)),
        .. images.Processes.SelectMany(process => process.Process.Zombies, (process, zombie) => new TreeMember(
            zombie.Pid, process.Process.Pid, zombie.Session, zombie.ProcessGroup, zombie.HasExitSignal ? zombie.ExitSignal : Signal.SIGCHLD, IsZombie: true, 0, 0)),
    ];

    private void Take(TreeStep next)
    {
        var process = _made[next.Pid];
        switch (next)
        {
            case MakeStep make:
                step($"make process {make.NewPid}");
                _made.Add(make.NewPid, Clone(process, make));
                break;
            case LeadSessionStep:
                process.Call("setsid", Sys.Setsid);
                terminals.Give(process);
                break;
            case EnterGroupStep enter:
                process.Call("setpgid", Sys.Setpgid, 0, (ulong)enter.Group);
                break;
            case EndHelperStep end:
                EndHelper(process, end);
                break;
            default:
                _ends.End(process, _zombies[next.Pid]);
                Forget(next.Pid);
                break;
        }
    }

    private RestoredProcess Clone(RestoredProcess maker, MakeStep make)
    {
        var image = _images.GetValueOrDefault(make.NewPid);
        if (image is not null && _images.TryGetValue(make.Pid, out var makers) && InheritedMemory.IsWorthwhile(makers, image))
        {
            memory.Build(maker);
        }

        clone_args arguments = new()
        {
            flags = (make.IsSibling ? Task.CLONE_PARENT : 0ul) | (make.SharesFiles ? Task.CLONE_FILES : 0ul) | (make.SharesFileSystem ? Task.CLONE_FS : 0ul),
            exit_signal = make.IsSibling ? 0ul : (ulong)make.ExitSignal,
        };
        var tracee = make.NewPid > 0 ? maker.Clone(arguments, make.NewPid, isThread: false) : CloneHelper(maker, arguments);
        return new RestoredProcess(image ?? root.Images, tracee, root.Gate, timeout, step) { Inherited = maker.Inherited };
    }

    /// <summary>A helper with an ID that nobody needs. Whether one is free tells only the kernel: one that is the group or session of others is not.</summary>
    private Tracee CloneHelper(RestoredProcess maker, in clone_args arguments)
    {
        var highest = int.Parse(File.ReadAllText("/proc/sys/kernel/pid_max"), CultureInfo.InvariantCulture) - 1;
        for (var tries = LowestFreeId; tries <= highest; tries++)
        {
            _lastHelper = _lastHelper >= highest ? LowestFreeId : _lastHelper + 1;
            if (!_needed.Contains(_lastHelper) && maker.TryClone(arguments, _lastHelper) is { } helper)
            {
                return helper;
            }
        }

        throw new EngineException(EngineFailure.Failed, "The job needs a process for the time of its restore, and no PID is free.", "raise kernel.pid_max");
    }

    private void EndHelper(RestoredProcess helper, EndHelperStep end)
    {
        step($"end helper {helper.Id}");
        SetHeir(end.Heir, 1);

        _ends.End(helper, new WaitStatus(0));
        if (end.ParentPid != TreeMember.Outside)
        {
            var reaped = _made[end.ParentPid].Call(
                $"wait4 for helper {helper.Id}", Sys.Wait4, (ulong)helper.Id.Value, 0, WaitOption.WNOHANG | WaitOption.__WALL, 0);
            Invariant.Require(reaped == (ulong)helper.Id.Value, $"helper {helper.Id} was not reaped by {end.ParentPid}");
        }

        Forget(end.Pid);
        SetHeir(end.Heir, 0);
    }

    private void SetHeir(int heir, ulong isSubreaper)
    {
        // No process of the job is a subreaper yet: whoever is one above us inherits what goes outside, as he will the root.
        if (heir is not (0 or TreeMember.Outside))
        {
            _made[heir].Call("prctl(PR_SET_CHILD_SUBREAPER)", Sys.Prctl, Task.PR_SET_CHILD_SUBREAPER, isSubreaper);
        }
    }

    private void Forget(int pid)
    {
        _made[pid].Dispose();
        _ = _made.Remove(pid);
    }
}
