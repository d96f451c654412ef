using System.Text.RegularExpressions;
using Xunit;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>One of tests/Programs/*.c and the words in its head comment (see program.h there).</summary>
/// <param name="Name">File name without extension.</param>
/// <param name="Source">Path of the source.</param>
/// <param name="GoesByFile">Waits for a file instead of SIGUSR1.</param>
/// <param name="HasChildren">Is a tree of processes.</param>
/// <param name="IsThreadState">Repeated more often.</param>
/// <param name="RefusedFor">Word in the sentence with which a dump is refused; null where it is carried.</param>
/// <param name="HasSteps">Changes its memory in steps between dumps.</param>
/// <param name="ChangesLittle">Each of its steps changes less than a quarter of its memory.</param>
/// <param name="CompilerFlags">More flags.</param>
/// <param name="NeedsHugePages">Has memory in huge pages of 2 MiB.</param>
/// <param name="IsAlone">Is run by a test of its own only.</param>
/// <param name="DumpOptions">Options that a dump of it needs.</param>
internal sealed partial record TestProgram(
    string Name, string Source, bool GoesByFile, bool HasChildren, bool IsThreadState, string? RefusedFor,
    bool HasSteps, bool ChangesLittle, IReadOnlyList<string> CompilerFlags, bool NeedsHugePages, bool IsAlone, IReadOnlyList<string> DumpOptions)
{
    private static readonly Lazy<IReadOnlyList<TestProgram>> _all = new(() =>
        [.. Directory.GetFiles(Path.Combine(Repository.Root, "tests", "Programs"), "*.c").Order(StringComparer.Ordinal).Select(Read)
            .Where(program => !program.NeedsHugePages || HugePagePool.IsThere)]);

    /// <summary>All programs; those that need huge pages only where the system has them.</summary>
    public static IReadOnlyList<TestProgram> All => _all.Value;

    /// <summary>Names of programs of one process that are carried, for theories.</summary>
    public static TheoryData<string> Processes => Select(program => program is { HasChildren: false, RefusedFor: null, IsAlone: false });

    /// <summary>Names of programs that are trees of processes.</summary>
    public static TheoryData<string> Trees => Select(program => program.HasChildren);

    /// <summary>Names of programs whose threads' state is the topic.</summary>
    public static TheoryData<string> ThreadStates => Select(program => program.IsThreadState);

    /// <summary>Programs that change their memory in steps between dumps.</summary>
    public static IReadOnlyList<TestProgram> InSteps => [.. All.Where(program => program.HasSteps)];

    /// <summary>Names of programs that a dump refuses.</summary>
    public static TheoryData<string> Refused => Select(program => program.RefusedFor is not null);

    private static TheoryData<string> Select(Func<TestProgram, bool> isWanted) =>
        [.. All.Where(isWanted).Select(program => program.Name)];

    private static TestProgram Read(string path)
    {
        var text = File.ReadAllText(path);
        var words = Words().Matches(text[..text.IndexOf("*/", StringComparison.Ordinal)])
            .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value.Trim());
        return new TestProgram(
            Path.GetFileNameWithoutExtension(path),
            path,
            words.GetValueOrDefault("go") == "file",
            words.ContainsKey("tree"),
            words.ContainsKey("thread-state"),
            words.GetValueOrDefault("refused"),
            words.ContainsKey("steps"),
            words.GetValueOrDefault("steps") == "small",
            words.GetValueOrDefault("cflags", "").Split(' ', StringSplitOptions.RemoveEmptyEntries),
            words.ContainsKey("huge-pages"),
            words.ContainsKey("alone"),
            words.GetValueOrDefault("dump", "").Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [GeneratedRegex(@"^ \* @([a-z-]+)(.*)$", RegexOptions.Multiline)]
    private static partial Regex Words();
}
