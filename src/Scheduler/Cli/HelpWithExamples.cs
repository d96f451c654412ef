using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Checkpointer.Scheduler.Cli;

/// <summary>The usual help, with the verb's examples at its end.</summary>
internal sealed class HelpWithExamples(HelpAction inner) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        int code = inner.Invoke(parseResult);
        if (parseResult.CommandResult.Command is not Verb verb)
        {
            return code;
        }

        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (string example in verb.Examples)
        {
            output.WriteLine($"  checkpointer {example}");
        }

        output.WriteLine();
        return code;
    }
}
