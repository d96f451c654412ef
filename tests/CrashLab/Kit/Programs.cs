using Checkpointer.EndToEnd.Tests.Support;

namespace Checkpointer.CrashLab.Kit;

/// <summary>The C programs that run in the virtual machine: jobs of the laboratory, and those of the other tests that its suites need.</summary>
internal static class Programs
{
    private const string StepsWord = " * @steps";
    private static readonly string[] _more = ["dirty_random", "vdso_calls", "busy_avx", "posix_timers", "nanosleep", "clock_deadlines", "itimer_real", "compute"];

    /// <summary>Compiles them into a directory, as the other tests do, and returns their paths.</summary>
    public static IReadOnlyList<string> Compile(string directory)
    {
        System.IO.Directory.CreateDirectory(directory);
        var sources = Directory.GetFiles(Path.Combine(Repository.Root, "tests", "CrashLab", "Programs"), "*.c")
            .Concat(Directory.GetFiles(Path.Combine(Repository.Root, "tests", "Programs"), "*.c").Where(IsNeeded));
        return [.. sources.AsParallel().WithDegreeOfParallelism(2).Select(source => Compile(source, directory))];
    }

    private static bool IsNeeded(string source)
        => _more.Contains(Path.GetFileNameWithoutExtension(source)) || File.ReadLines(source).Any(line => line.StartsWith(StepsWord, StringComparison.Ordinal));

    private static string Compile(string source, string directory)
    {
        const string FlagsWord = " * @cflags ";
        var flags = File.ReadLines(source).FirstOrDefault(line => line.StartsWith(FlagsWord, StringComparison.Ordinal))?[FlagsWord.Length..] ?? "";
        var executable = Path.Combine(directory, Path.GetFileNameWithoutExtension(source));
        _ = Tool.Run(
            directory,
            ["cc", "-std=gnu11", "-O2", "-Wall", "-Werror", "-pthread", .. flags.Split(' ', StringSplitOptions.RemoveEmptyEntries), source, "-o", executable, "-lm", "-lrt"]);
        return executable;
    }
}
