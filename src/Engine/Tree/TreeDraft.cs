using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tree;

/// <summary>A tree in the making: takes steps and knows what the kernel makes of each.</summary>
internal sealed class TreeDraft
{
    private readonly Dictionary<int, Standing> _made = [];
    private readonly List<TreeStep> _steps = [];
    private int _nextAny = -1;

    /// <summary>Begins with the root, which leads a session.</summary>
    public TreeDraft(TreeMember root)
    {
        Root = root;
        var outside = new TreeMember(TreeMember.Outside, 0, 0, 0, 0, IsZombie: false, 0, 0);
        Outside = new Standing { Member = outside, Session = 0, Group = 0 };
        _made.Add(root.Pid, new Standing { Member = root, Parent = Outside, Session = root.Pid, Group = root.Pid });
    }

    /// <summary>The first process.</summary>
    public TreeMember Root { get; }

    /// <summary>The parent of the root and of all whose parent is not of the job. It makes no process.</summary>
    public Standing Outside { get; }

    /// <summary>What was done so far.</summary>
    public IReadOnlyList<TreeStep> Steps => _steps;

    /// <summary>All that exist now, helpers too.</summary>
    public IEnumerable<Standing> Made => _made.Values;

    /// <summary>A process that exists; null where it does not.</summary>
    public Standing? Find(int pid) => pid == TreeMember.Outside ? Outside : _made.GetValueOrDefault(pid);

    /// <summary>True where <paramref name="ancestor"/> is above <paramref name="process"/> now.</summary>
    public static bool IsAbove(Standing ancestor, Standing process)
    {
        for (var above = process.Parent; above is not null; above = above.Parent)
        {
            if (above == ancestor)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Makes a process by another.</summary>
    public Standing Make(Standing maker, TreeMember member, bool isSibling = false)
    {
        var parent = isSibling ? maker.Parent! : maker;
        var made = new Standing { Member = member, Parent = parent, Session = maker.Session, Group = maker.Group };
        Invariant.Require(_made.TryAdd(member.Pid, made), $"{member.Pid} was made twice");
        _steps.Add(new MakeStep(
            maker.Pid, member.Pid, isSibling, member.ExitSignal, IsShared(member.Files, maker.Member.Files), IsShared(member.FileSystem, maker.Member.FileSystem)));
        return made;
    }

    /// <summary>Makes a helper by another process.</summary>
    /// <param name="maker">Its parent.</param>
    /// <param name="pid">Its process ID; 0 for any.</param>
    /// <param name="isSibling">It is a child of its maker's parent instead.</param>
    public Standing MakeHelper(Standing maker, int pid = 0, bool isSibling = false)
    {
        var helper = new TreeMember(pid == 0 ? _nextAny-- : pid, maker.Pid, 0, 0, Interop.Signal.SIGCHLD, IsZombie: false, 0, 0);
        var made = Make(maker, helper, isSibling);
        made.IsHelper = true;
        return made;
    }

    /// <summary>Has a process lead a session.</summary>
    public void LeadSession(Standing process)
    {
        process.Session = process.Pid;
        process.Group = process.Pid;
        _steps.Add(new LeadSessionStep(process.Pid));
    }

    /// <summary>Has a process enter a group.</summary>
    public void EnterGroup(Standing process, int group)
    {
        process.Group = group;
        _steps.Add(new EnterGroupStep(process.Pid, group));
    }

    /// <summary>Ends a helper; its children go to <paramref name="heir"/>.</summary>
    public void EndHelper(Standing helper, Standing? heir)
    {
        _made.Remove(helper.Pid);
        foreach (var child in _made.Values.Where(process => process.Parent == helper))
        {
            child.Parent = heir;
        }

        _steps.Add(new EndHelperStep(helper.Pid, helper.Parent!.Pid, heir?.Pid ?? 0));
    }

    /// <summary>Ends a process that is to be a zombie.</summary>
    public void EndZombie(Standing process) => _steps.Add(new EndZombieStep(process.Pid));

    private static bool IsShared(int mine, int makers) => mine != 0 && mine == makers;

    /// <summary>A process that exists, where it stands now.</summary>
    internal sealed class Standing
    {
        /// <summary>What it is to become.</summary>
        public required TreeMember Member { get; init; }

        /// <summary>Process ID.</summary>
        public int Pid => Member.Pid;

        /// <summary>Its parent; null for what is outside.</summary>
        public Standing? Parent { get; set; }

        /// <summary>Its session.</summary>
        public required int Session { get; set; }

        /// <summary>Its group.</summary>
        public required int Group { get; set; }

        /// <summary>It is not of the job.</summary>
        public bool IsHelper { get; set; }
    }
}
