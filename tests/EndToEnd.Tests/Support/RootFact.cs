using Checkpointer.EndToEnd.Tests.Interop;
using Xunit;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>A test that needs root: restoring with the same PIDs needs CAP_CHECKPOINT_RESTORE and more.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute() => Skip = Privileges.MissingRoot;
}

/// <summary>A theory that needs root.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootTheoryAttribute : TheoryAttribute
{
    public RootTheoryAttribute() => Skip = Privileges.MissingRoot;
}

/// <summary>A test that needs root and a command that is not everywhere.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootFactWithAttribute : FactAttribute
{
    public RootFactWithAttribute(string command)
    {
        Command = command;
        Skip = Privileges.MissingRoot ?? (Privileges.HasCommand(command) ? null : $"there is no {command} in PATH");
    }

    /// <summary>The command.</summary>
    public string Command { get; }
}

internal static class Privileges
{
    /// <summary>Why a test that needs root cannot run; null where it can.</summary>
    public static string? MissingRoot => Libc.geteuid() == 0 ? null : "needs root";

    public static bool HasCommand(string command) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, command)));
}
