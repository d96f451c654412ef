namespace Checkpointer.Engine.Tree;

/// <summary>One step of building a tree. Negative process IDs stand for helpers of any ID.</summary>
/// <param name="Pid">The process that does it.</param>
internal abstract record TreeStep(int Pid);

/// <summary>It makes a process.</summary>
/// <param name="Pid">The process that does it.</param>
/// <param name="NewPid">The new one.</param>
/// <param name="IsSibling">The new one is a child of the maker's parent (CLONE_PARENT), with the maker's exit signal.</param>
/// <param name="ExitSignal">Exit signal of the new one.</param>
/// <param name="SharesFiles">It shares the maker's descriptor table.</param>
/// <param name="SharesFileSystem">It shares the maker's root and working directory.</param>
internal sealed record MakeStep(int Pid, int NewPid, bool IsSibling, int ExitSignal, bool SharesFiles, bool SharesFileSystem) : TreeStep(Pid);

/// <summary>It leads a new session, setsid(2).</summary>
/// <param name="Pid">The process.</param>
internal sealed record LeadSessionStep(int Pid) : TreeStep(Pid);

/// <summary>It enters a process group, or leads a new one, setpgid(2).</summary>
/// <param name="Pid">The process.</param>
/// <param name="Group">The group; its own ID to lead one.</param>
internal sealed record EnterGroupStep(int Pid, int Group) : TreeStep(Pid);

/// <summary>It ends, and its parent waits for it.</summary>
/// <param name="Pid">The helper.</param>
/// <param name="ParentPid">Its parent; <see cref="TreeMember.Outside"/>: we.</param>
/// <param name="Heir">Who gets its children, <see cref="TreeMember.Outside"/> for whoever is above the job; 0 where it has none.</param>
internal sealed record EndHelperStep(int Pid, int ParentPid, int Heir) : TreeStep(Pid);

/// <summary>It ends, and stays for its parent to wait for.</summary>
/// <param name="Pid">The process.</param>
internal sealed record EndZombieStep(int Pid) : TreeStep(Pid);
