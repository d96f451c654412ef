using System.CommandLine;

namespace Checkpointer.Scheduler.Cli;

/// <summary>A verb of the command line: its arguments, its help, and what it does.</summary>
internal abstract class Verb : Command
{
    /// <summary>Names the verb.</summary>
    /// <param name="name">The word on the command line.</param>
    /// <param name="description">One or two sentences for the help.</param>
    /// <param name="examples">Command lines for the end of its help, without the program's name.</param>
    protected Verb(string name, string description, params string[] examples)
        : base(name, description)
    {
        Examples = examples;
    }

    /// <summary>Command lines for the end of its help, without the program's name.</summary>
    public IReadOnlyList<string> Examples { get; }

    /// <summary>Does it. Failures are exceptions.</summary>
    /// <returns>An exit code of <see cref="ExitCode"/>.</returns>
    public abstract int Run(Invocation invocation, ParseResult arguments);
}
