using System.Text;
using Checkpointer.EndToEnd.Tests.Support;

namespace Checkpointer.Engine.Tests.Support;

/// <summary>The engine's source files.</summary>
internal static class Sources
{
    /// <summary>Path relative to src/Engine, and the code without its comments and string literals.</summary>
    public static IReadOnlyList<(string Path, string Code)> Engine { get; } =
        [.. Paths().Select(path => (path, WithoutCommentsAndStrings(Read(path))))];

    /// <summary>Text of a file of the engine.</summary>
    public static string Read(string path) => File.ReadAllText(System.IO.Path.Combine(Root, path));

    /// <summary>The code alone: comments and the contents of strings are left out.</summary>
    public static string WithoutCommentsAndStrings(string text)
    {
        var code = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            var end = SkippedUntil(text, at);
            if (end == at)
            {
                _ = code.Append(text[at++]);
                continue;
            }

            _ = code.Append(' ');
            at = end;
        }

        return code.ToString();
    }

    private static string Root => System.IO.Path.Combine(Repository.Root, "src", "Engine");

    private static IEnumerable<string> Paths() => Directory.EnumerateFiles(Root, "*.cs", SearchOption.AllDirectories)
        .Select(path => System.IO.Path.GetRelativePath(Root, path))
        .Where(path => !path.StartsWith("obj/", StringComparison.Ordinal) && !path.StartsWith("bin/", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal);

    /// <summary>Index behind the comment, string or character that begins here; the same index where none does.</summary>
    private static int SkippedUntil(string text, int at)
    {
        var rest = text.AsSpan(at);
        if (rest.StartsWith("//"))
        {
            return at + LengthUntil(rest, "\n", 2) - 1;
        }

        if (rest.StartsWith("/*"))
        {
            return at + LengthUntil(rest, "*/", 2);
        }

        return rest[0] is '"' or '\'' ? at + LiteralLength(rest) : at;
    }

    private static int LengthUntil(ReadOnlySpan<char> text, string end, int from)
    {
        var index = text[from..].IndexOf(end);
        return index < 0 ? text.Length : from + index + end.Length;
    }

    private static int LiteralLength(ReadOnlySpan<char> text)
    {
        for (var at = 1; at < text.Length; at++)
        {
            if (text[at] == '\\')
            {
                at++;
            }
            else if (text[at] == text[0])
            {
                return at + 1;
            }
        }

        return text.Length;
    }
}
