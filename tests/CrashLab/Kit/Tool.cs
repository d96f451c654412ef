using Checkpointer.EndToEnd.Tests.Interop;

namespace Checkpointer.CrashLab.Kit;

/// <summary>Runs programs of the machine to their end.</summary>
internal static class Tool
{
    private const int WordsTold = 12;

    /// <summary>Longest run of one: packages may come over a slow line.</summary>
    private static readonly TimeSpan _timeLimit = TimeSpan.FromMinutes(5);

    /// <summary>Runs a program; standard output goes to a file.</summary>
    /// <exception cref="LabException">It fails or is missing; the message is what it said.</exception>
    public static void RunTo(string outputPath, string directory, params string[] command)
    {
        var errorPath = Path.GetTempFileName();
        try
        {
            var request = new SpawnRequest(command[0], command[1..], Environment(), outputPath, errorPath, directory);
            var status = Child.Reap(Spawn(request), _timeLimit, () => string.Join(' ', command));
            if (status is not { Exited: true, Code: 0 })
            {
                throw new LabException($"{string.Join(' ', command.Take(WordsTold))}: {status}: {File.ReadAllText(errorPath).Trim()}");
            }
        }
        finally
        {
            File.Delete(errorPath);
        }
    }

    /// <summary>Runs a program and returns what it printed.</summary>
    /// <exception cref="LabException">It fails or is missing.</exception>
    public static string Run(string directory, params string[] command)
    {
        var outputPath = Path.GetTempFileName();
        try
        {
            RunTo(outputPath, directory, command);
            return File.ReadAllText(outputPath);
        }
        finally
        {
            File.Delete(outputPath);
        }
    }

    /// <summary>A copy of our environment, with the directories in which mkfs and mount are.</summary>
    public static Dictionary<string, string> Environment()
    {
        var environment = System.Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);
        environment["PATH"] = environment.GetValueOrDefault("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin";
        environment["LC_ALL"] = "C";
        return environment;
    }

    private static int Spawn(SpawnRequest request)
    {
        try
        {
            return Spawner.Spawn(request);
        }
        catch (InvalidOperationException failure)
        {
            throw new LabException(failure.Message);
        }
    }
}
