using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.Engine.Tests.Support;

/// <summary>A test that needs a command, such as the C compiler.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CommandFactAttribute : FactAttribute
{
    public CommandFactAttribute(string command)
    {
        Command = command;
        Skip = Privileges.HasCommand(command) ? null : $"there is no {command} in PATH";
    }

    /// <summary>The command.</summary>
    public string Command { get; }
}
