using Checkpointer.Engine.Tree;

namespace Checkpointer.Engine.Tests.Tree;

/// <summary>What fork, setsid, setpgid, exit, wait and PR_SET_CHILD_SUBREAPER make of a tree, in the rules of the kernel; grown at random.</summary>
internal sealed class KernelModel
{
    private const int SigChld = 17;
    private const int RootPid = 100;
    private readonly List<Task> _tasks = [];
    private readonly Random _random;
    private int _lastPid = RootPid;

    public KernelModel(int seed)
    {
        _random = new Random(seed);
        _tasks.Add(new Task { Pid = RootPid, Session = RootPid, Group = RootPid, IsSubreaper = true });
    }

    private Task Root => _tasks[0];

    /// <summary>Does as many things at random.</summary>
    public void Grow(int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            DoSomething(Any(_tasks.Where(task => !task.IsZombie)));
        }
    }

    /// <summary>The tree, the root first, parents before children, zombies last.</summary>
    public IReadOnlyList<TreeMember> Members()
    {
        var live = new List<Task> { Root };
        for (var index = 0; index < live.Count; index++)
        {
            live.AddRange(_tasks.Where(task => task.Parent == live[index] && !task.IsZombie));
        }

        return [.. live.Concat(_tasks.Where(task => task.IsZombie)).Select(task => new TreeMember(
            task.Pid, task.Parent?.Pid ?? 1, task.Session, task.Group, SigChld, task.IsZombie, 0, 0))];
    }

    /// <summary>What is left without the root, as a cgroup may be: processes whose parent is outside, in the order in which they are to be made.</summary>
    public IReadOnlyList<TreeMember> WithoutRoot()
    {
        var members = Members().Where(member => member.Pid != RootPid && !(member.IsZombie && member.ParentPid == RootPid)).ToList();
        var live = members.Where(member => !member.IsZombie).Select(member => member.Pid).ToHashSet();
        var heads = members.Where(member => member.ParentPid == RootPid)
            .OrderBy(head => !live.Contains(head.Session) ? 0 : head.LeadsSession ? 1 : 2).ThenBy(head => head.Pid)
            .Select((head, index) => index == 0 ? head : head with { ParentPid = TreeMember.Outside });
        return [.. heads, .. members.Where(member => member.ParentPid != RootPid)];
    }

    private void DoSomething(Task task)
    {
        switch (_random.Next(20))
        {
            case < 8:
                Fork(task, task);
                break;
            case < 10 when task != Root:
                Fork(task, task.Parent!);
                break;
            case < 13:
                SetSession(task);
                break;
            case < 15:
                SetGroup(task);
                break;
            case < 18 when task != Root:
                Exit(task, isReaped: _random.Next(4) > 0);
                break;
            default:
                task.IsSubreaper = task == Root || _random.Next(2) == 0;
                break;
        }
    }

    private void Fork(Task task, Task parent) =>
        _tasks.Add(new Task { Pid = ++_lastPid, Parent = parent, Session = task.Session, Group = task.Group });

    private void SetSession(Task task)
    {
        if (_tasks.All(other => other.Group != task.Pid))
        {
            task.Session = task.Group = task.Pid;
        }
    }

    private void SetGroup(Task task)
    {
        if (task.Session == task.Pid)
        {
            return;
        }

        task.Group = _random.Next(2) == 0 ? task.Pid : Any(_tasks.Where(other => other.Session == task.Session)).Group;
    }

    private void Exit(Task task, bool isReaped)
    {
        var reaper = task.Parent!;
        while (!reaper.IsSubreaper)
        {
            reaper = reaper.Parent!;
        }

        foreach (var child in _tasks.Where(child => child.Parent == task))
        {
            child.Parent = reaper;
        }

        task.IsZombie = true;
        if (isReaped)
        {
            _ = _tasks.Remove(task);
        }
    }

    private Task Any(IEnumerable<Task> tasks)
    {
        var all = tasks.ToList();
        return all[_random.Next(all.Count)];
    }

    private sealed class Task
    {
        public required int Pid { get; init; }

        public Task? Parent { get; set; }

        public required int Session { get; set; }

        public required int Group { get; set; }

        public bool IsSubreaper { get; set; }

        public bool IsZombie { get; set; }
    }
}
