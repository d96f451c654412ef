using Checkpointer.CrashLab.Guest;

namespace Checkpointer.CrashLab;

/// <summary>What this assembly is when it is not run by <c>dotnet test</c>: the runner of test suites inside the virtual machine.</summary>
internal static class Program
{
    private const int Usage = 2;

    public static int Main(string[] arguments) => arguments switch
    {
        ["suite", var assembly, .. var parts] => Suite.Run(assembly, parts),
        _ => Usage,
    };
}
