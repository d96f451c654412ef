namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>Where the sources are: the directory above us that holds the solution.</summary>
internal static class Repository
{
    private static readonly Lazy<string> _root = new(Find);

    public static string Root => _root.Value;

    private static string Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Checkpointer.sln")))
            {
                return directory.FullName;
            }
        }

        throw new DirectoryNotFoundException($"no Checkpointer.sln above {AppContext.BaseDirectory}");
    }
}
