namespace Checkpointer.Engine.Proc;

/// <summary>Files of a cgroup's directory, of v1 or v2.</summary>
internal static class CgroupFile
{
    /// <summary>What a file says; null where there is no such controller, it has nothing to say, or the root cgroup has no such file.</summary>
    public static string? TryRead(string directory, string name)
    {
        try
        {
            return File.ReadAllText(Path.Combine(directory, name));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
