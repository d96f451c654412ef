namespace Checkpointer.Engine.Proc;

/// <summary>One line of /proc/PID/cgroup (man 7 cgroups).</summary>
/// <param name="HierarchyId">Number of the hierarchy; 0 is cgroup v2.</param>
/// <param name="Controllers">Controllers joined by commas, or <c>name=NAME</c>; empty for cgroup v2.</param>
/// <param name="Path">Path from the root of our cgroup namespace; starts with <c>/../</c> where it is outside of that.</param>
/// <param name="IsDeleted">The cgroup was removed while the process (a zombie then) was in it.</param>
internal sealed record CgroupMembership(int HierarchyId, string Controllers, string Path, bool IsDeleted)
{
    /// <summary>Whether it is the membership in the unified hierarchy, cgroup v2.</summary>
    public bool IsUnified => HierarchyId == 0 && Controllers.Length == 0;
}
