namespace Checkpointer.Engine.Proc;

/// <summary>The kernel's freezer of a cgroup: cgroup.freeze of v2 (Linux 5.2), freezer.state of the freezer hierarchy of v1 (man 7 cgroups).</summary>
internal sealed class CgroupFreezer
{
    private const string UnifiedFile = "cgroup.freeze";
    private const string OldFile = "freezer.state";
    private readonly string _file;
    private readonly string _frozen;
    private readonly string _thawed;

    private CgroupFreezer(string directory, bool isUnified)
    {
        (Directory, IsUnified) = (directory, isUnified);
        (_file, _frozen, _thawed) = isUnified ? (UnifiedFile, "1", "0") : (OldFile, "FROZEN", "THAWED");
    }

    /// <summary>Directory of the cgroup.</summary>
    public string Directory { get; }

    /// <summary>True for cgroup v2.</summary>
    public bool IsUnified { get; }

    /// <summary>Path of the file that freezes and thaws.</summary>
    public string File => Path.Combine(Directory, _file);

    /// <summary>What the file takes to thaw.</summary>
    public string Thawed => _thawed;

    /// <summary>True where it was asked to freeze, be it done or not; a cgroup above may be frozen and this one not asked.</summary>
    public bool IsAsked => CgroupFile.TryRead(Directory, IsUnified ? UnifiedFile : "freezer.self_freezing")?.TrimEnd() == "1";

    /// <summary>True where all its processes stand still, or none would go on: of its own, or by a cgroup above.</summary>
    public bool IsFrozen => IsUnified
        ? CgroupFile.TryRead(Directory, "cgroup.events")?.Contains("frozen 1\n", StringComparison.Ordinal) == true
        : CgroupFile.TryRead(Directory, OldFile) is "FROZEN\n" or "FREEZING\n";

    /// <summary>True once there is nothing more to wait for after it was asked.</summary>
    public bool IsSettled => IsUnified ? IsFrozen : CgroupFile.TryRead(Directory, OldFile) == "FROZEN\n";

    /// <summary>The freezer of a cgroup; null where it has none.</summary>
    public static CgroupFreezer? Of(string directory) =>
        System.IO.File.Exists(Path.Combine(directory, UnifiedFile)) ? new CgroupFreezer(directory, isUnified: true)
        : System.IO.File.Exists(Path.Combine(directory, OldFile)) ? new CgroupFreezer(directory, isUnified: false)
        : null;

    /// <summary>Asks to freeze or to thaw. False where we may not, or it is gone.</summary>
    public bool TrySet(bool isFrozen)
    {
        try
        {
            System.IO.File.WriteAllText(File, isFrozen ? _frozen : _thawed);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
