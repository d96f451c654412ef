using System.Globalization;
using Xunit.Abstractions;

namespace Checkpointer.CrashLab.Kit;

/// <summary>How much is done, and where the logs of what failed stay.</summary>
internal static class LabRun
{
    /// <summary>Rounds of the long form; the default where none are asked for by CRASHLAB_ROUNDS.</summary>
    public static int Rounds(int shortForm) => Number("CRASHLAB_ROUNDS") ?? shortForm;

    /// <summary>True for the long form.</summary>
    public static bool IsLong => Number("CRASHLAB_ROUNDS") is not null;

    /// <summary>The seed of a run: SEED, else one of the clock.</summary>
    public static int Seed => Number("SEED") ?? Environment.TickCount;

    /// <summary>Runs something in a directory of its own for logs, which stays where it fails. Nothing is tried again.</summary>
    /// <exception cref="LabException">It failed; with the seed and the directory.</exception>
    public static void Logged(string name, int seed, ITestOutputHelper output, Action<string> run)
    {
        var directory = Directory.CreateTempSubdirectory($"checkpointer-crashlab-{name}-").FullName;
        try
        {
            run(directory);
        }
        catch (Exception failure)
        {
            throw new LabException($"SEED={seed}, logs are kept in {directory}: {failure}");
        }

        output.WriteLine($"{name}: SEED={seed}");
        Directory.Delete(directory, recursive: true);
    }

    private static int? Number(string variable)
        => int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;
}
