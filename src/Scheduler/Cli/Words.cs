using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;

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

    /// <summary>The word for standard input or output where a file is named.</summary>
    public const string StandardStream = "-";

    /// <summary><c>FILE</c>, or <c>-</c>: an absolute path, or that word.</summary>
    public static Argument<string> TransferFile(string description) => new("FILE")
    {
        Description = description,
        CustomParser = result => result.Tokens[0].Value == StandardStream ? StandardStream : Path.GetFullPath(result.Tokens[0].Value),
    };

    /// <summary>An option that names a job and must be given.</summary>
    public static Option<string> JobOption(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "NAME",
        Required = true,
        CustomParser = result =>
        {
            string word = result.Tokens[0].Value;
            if (!JobName.IsValid(word))
            {
                result.AddError($"'{word}' is no name for a job: {JobName.Rule}.");
            }

            return word;
        },
    };

    /// <summary><c>GENERATION</c>, once.</summary>
    public static Argument<GenerationReference> Generation(string description) => new("GENERATION")
    {
        Description = description,
        CustomParser = ParseGeneration,
    };

    /// <summary><c>OTHER</c>: a second generation.</summary>
    public static Argument<GenerationReference> OtherGeneration(string description) => new("OTHER")
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
        CustomParser = result => ParsePositive(result, "PID"),
    };

    /// <summary><c>--cgroup DIR</c>: its absolute path.</summary>
    public static Option<string?> Cgroup(string description) => new("--cgroup")
    {
        Description = description,
        HelpName = "DIR",
        CustomParser = result => Path.TrimEndingDirectorySeparator(Path.GetFullPath(result.Tokens[0].Value)),
    };

    /// <summary>An option that takes a duration, as of <see cref="DurationText"/>.</summary>
    public static Option<TimeSpan?> Duration(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "DURATION",
        CustomParser = ParseDuration,
    };

    /// <summary>An option that takes a number from 1 on.</summary>
    public static Option<int?> PositiveCount(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => ParsePositive(result, "number"),
    };

    /// <summary>An option that takes one of a few words.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">For the help.</param>
    /// <param name="allowed">The words; none for all.</param>
    public static Option<T?> Choice<T>(string name, string description, params T[] allowed)
        where T : struct, Enum
    {
        T[] choices = allowed.Length > 0 ? allowed : Enum.GetValues<T>();
        return new Option<T?>(name)
        {
            Description = description,
            HelpName = string.Join('|', choices.Select(Of)),
            CustomParser = result =>
            {
                if (TryParse(result.Tokens[0].Value, out T? choice) && choices.Contains(choice!.Value))
                {
                    return choice;
                }

                result.AddError($"'{result.Tokens[0].Value}' is none of {string.Join(", ", choices.Select(Of))}.");
                return null;
            },
        };
    }

    /// <summary>What the word for a choice means; false for other words.</summary>
    public static bool TryParse<T>(string word, out T? choice)
        where T : struct, Enum
    {
        choice = Enum.GetValues<T>().Select(known => (T?)known).FirstOrDefault(known => Of(known!.Value) == word);
        return choice is not null;
    }

    /// <summary>A choice as it is written: <c>when-taken</c>.</summary>
    public static string Of<T>(T choice)
        where T : struct, Enum
        => string.Concat(choice.ToString().Select((letter, at) => at > 0 && char.IsAsciiLetterUpper(letter) ? $"-{char.ToLowerInvariant(letter)}" : $"{char.ToLowerInvariant(letter)}"));

    /// <summary>Refuses words that cannot be names of policy files.</summary>
    public static void RequirePolicyName(OptionResult result)
    {
        foreach (Token token in result.Tokens.Where(token => !JobName.IsValid(token.Value)))
        {
            result.AddError($"'{token.Value}' is no name for a policy: {JobName.Rule}.");
        }
    }

    /// <summary><c>--keep-files</c> of verbs that restore.</summary>
    public static Option<bool> KeepFiles() => new("--keep-files")
    {
        Description = "Leave files as they are, and warn of those that differ from the generation.",
    };

    /// <summary><c>--dry-run</c> of verbs that restore.</summary>
    public static Option<bool> DryRun() => new("--dry-run")
    {
        Description = "Verify, check what the restore needs, and say what it would do with files. Nothing is restored or changed.",
    };

    /// <summary><c>--pid-namespace</c> of verbs that restore.</summary>
    public static Option<PidNamespaceChoice?> PidNamespace() => Choice<PidNamespaceChoice>(
        "--pid-namespace",
        "Whether the job gets a PID namespace of its own: when-taken: where a PID that it needs is taken; always; refuse: never. Default: the configuration's.",
        PidNamespaceChoice.Refuse, PidNamespaceChoice.WhenTaken, PidNamespaceChoice.Always);

    /// <summary>Refuses words that cannot be names of jobs.</summary>
    public static void RequireJobNames(ArgumentResult result)
    {
        foreach (Token token in result.Tokens.Where(token => !JobName.IsValid(token.Value)))
        {
            result.AddError($"'{token.Value}' is no name for a job: {JobName.Rule}.");
        }
    }

    /// <summary>An option that takes a size, as of <see cref="SizeText"/>.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">For the help.</param>
    /// <param name="smallest">The smallest that makes sense, bytes.</param>
    public static Option<long?> Size(string name, string description, long smallest = 1) => new(name)
    {
        Description = description,
        HelpName = "SIZE",
        CustomParser = result => ParseSize(result, smallest),
    };

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

    private static int? ParsePositive(ArgumentResult result, string what)
    {
        string word = result.Tokens[0].Value;
        if (int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0)
        {
            return number;
        }

        result.AddError($"'{word}' is no {what}: a positive number.");
        return null;
    }

    private static long? ParseSize(ArgumentResult result, long smallest)
    {
        string word = result.Tokens[0].Value;
        if (SizeText.TryParse(word, out long bytes) && bytes >= smallest)
        {
            return bytes;
        }

        result.AddError($"'{word}' is no size: {SizeText.Rule}.");
        return null;
    }

    private static TimeSpan? ParseDuration(ArgumentResult result)
    {
        string word = result.Tokens[0].Value;
        if (DurationText.TryParse(word, out TimeSpan duration))
        {
            return duration;
        }

        result.AddError($"'{word}' is no duration: {DurationText.Rule}.");
        return null;
    }
}
