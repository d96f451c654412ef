using System.IO.Enumeration;

namespace Checkpointer.Engine.Dump;

/// <summary>Finds the files that a policy names. Symbolic links are not followed, but for those in a path that has no pattern before them.</summary>
internal static class PolicyPaths
{
    private static readonly char[] _wildcards = ['*', '?'];
    private static readonly EnumerationOptions _below = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.ReparsePoint,
        IgnoreInaccessible = false,
    };

    /// <summary>All that is there of them.</summary>
    public static IEnumerable<string> Find(IEnumerable<string> paths) => paths.SelectMany(path => Matches(path).SelectMany(FilesOf)).Distinct(StringComparer.Ordinal);

    private static IEnumerable<string> FilesOf(string path) => Directory.Exists(path) ? Directory.EnumerateFiles(path, "*", _below) : [path];

    private static IEnumerable<string> Matches(string path)
    {
        IEnumerable<string> found = ["/"];
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            found = part.IndexOfAny(_wildcards) < 0
                ? found.Select(directory => Path.Combine(directory, part))
                : found.Where(Directory.Exists).SelectMany(directory => Directory.EnumerateFileSystemEntries(directory))
                    .Where(entry => FileSystemName.MatchesSimpleExpression(part, Path.GetFileName(entry), ignoreCase: false)).Order(StringComparer.Ordinal);
        }

        return found.Where(Path.Exists);
    }
}
