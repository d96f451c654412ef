using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Jobs;

namespace Checkpointer.Scheduler.Cli;

/// <summary>Arguments and options that several verbs have, with the checks of their syntax.</summary>
internal static class Words
{
    /// <summary><c>JOB</c>, once.</summary>
    public static Argument<string> Job(string description)
    {
        var argument = new Argument<string>("JOB") { Description = description };
        argument.Validators.Add(RequireJobNames);
        return argument;
    }

    /// <summary><c>GENERATION</c>, once.</summary>
    public static Argument<GenerationReference> Generation(string description) => new("GENERATION")
    {
        Description = description,
        CustomParser = ParseGeneration,
    };

    /// <summary><c>[GENERATION]</c>.</summary>
    public static Argument<GenerationReference?> OptionalGeneration(string description) => new("GENERATION")
    {
        Description = description,
        Arity = ArgumentArity.ZeroOrOne,
        CustomParser = result => result.Tokens.Count == 0 ? null : ParseGeneration(result),
    };

    /// <summary><c>--pid P</c>.</summary>
    public static Option<int?> Pid(string description) => new("--pid")
    {
        Description = description,
        HelpName = "P",
        CustomParser = ParsePid,
    };

    /// <summary>Refuses words that cannot be names of jobs.</summary>
    public static void RequireJobNames(ArgumentResult result)
    {
        foreach (Token token in result.Tokens.Where(token => !JobName.IsValid(token.Value)))
        {
            result.AddError($"'{token.Value}' is no name for a job: {JobName.Rule}.");
        }
    }

    /// <summary>The PID as the engine wants it.</summary>
    public static ProcessId? ToProcessId(int? pid) => pid is int value ? new ProcessId(value) : null;

    private static GenerationReference ParseGeneration(ArgumentResult result)
    {
        string word = result.Tokens[0].Value;
        if (!GenerationReference.TryParse(word, out GenerationReference reference))
        {
            result.AddError($"'{word}' is no generation: JOB/NUMBER or JOB/latest.");
        }

        return reference;
    }

    private static int? ParsePid(ArgumentResult result)
    {
        string word = result.Tokens[0].Value;
        if (int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int pid) && pid > 0)
        {
            return pid;
        }

        result.AddError($"'{word}' is no PID: a positive number.");
        return null;
    }
}
