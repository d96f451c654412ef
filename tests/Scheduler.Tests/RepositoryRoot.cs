namespace Checkpointer.Scheduler.Tests;

/// <summary>The source tree that the tests were built from.</summary>
internal static class RepositoryRoot
{
    private static readonly Lazy<string> _path = new(Find);

    public static string File(params string[] parts) => Path.Combine([_path.Value, .. parts]);

    private static string Find()
    {
        string? place = AppContext.BaseDirectory;
        while (place is not null && !System.IO.File.Exists(Path.Combine(place, "Checkpointer.sln")))
        {
            place = Path.GetDirectoryName(place);
        }

        return place ?? throw new InvalidOperationException($"no Checkpointer.sln above {AppContext.BaseDirectory}");
    }
}
