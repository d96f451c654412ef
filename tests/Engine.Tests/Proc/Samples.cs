using System.Text;

namespace Checkpointer.Engine.Tests.Proc;

/// <summary>Captured and hand-made /proc files in tests/Fixtures/proc, named by file and kernel.</summary>
internal static class Samples
{
    public static byte[] Read(string name) => File.ReadAllBytes(Path.Combine(Directory(), name));

    /// <summary>A sample with one text replaced; fails where the text is not there, so that no test checks nothing.</summary>
    public static byte[] Changed(string name, string old, string replacement)
    {
        string text = Encoding.Latin1.GetString(Read(name));
        return text.Contains(old, StringComparison.Ordinal)
            ? Encoding.Latin1.GetBytes(text.Replace(old, replacement, StringComparison.Ordinal))
            : throw new ArgumentException($"{name} holds no `{old}`", nameof(old));
    }

    private static string Directory()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Checkpointer.sln")))
            {
                return Path.Combine(at.FullName, "tests", "Fixtures", "proc");
            }
        }

        throw new DirectoryNotFoundException($"no Checkpointer.sln above {AppContext.BaseDirectory}");
    }
}
