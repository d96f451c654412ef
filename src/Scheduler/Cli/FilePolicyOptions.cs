using System.CommandLine;
using System.CommandLine.Parsing;
using Checkpointer.Engine;
using Checkpointer.Scheduler.Policies;

namespace Checkpointer.Scheduler.Cli;

/// <summary>Options that say which files a job's generations carry; remembered with the job.</summary>
internal sealed class FilePolicyOptions
{
    private readonly Option<FileChoice?> _files = new("--files")
    {
        Description = "What generations carry of files that the job writes: contents (the default), sizes, or none.",
        HelpName = "none|sizes|contents",
        CustomParser = result => Parse<FileChoice>(result, "none, sizes or contents"),
    };

    private readonly Option<string[]> _paths = new("--file")
    {
        Description = "Carry this file, too, directory with all files below it, or pattern with * and ?. May be given several times.",
        HelpName = "PATH",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<long?> _fileMax = Bytes("--file-max", "Most bytes of one file. Default: 16G.");
    private readonly Option<long?> _filesMax = Bytes("--files-max", "Most bytes of all files together. Default: 64G.");
    private readonly Option<long?> _frozenMax = Bytes("--frozen-max", "Most bytes of files that are copied while the job stands still. Default: 64M.");

    private readonly Option<Over?> _over = new("--files-over")
    {
        Description = "What is done with a file that exceeds one of these: carry its size alone (sizes, the default), or refuse the dump.",
        HelpName = "refuse|sizes",
        CustomParser = result => Parse<Over>(result, "refuse or sizes"),
    };

    /// <summary>Adds the options to a verb.</summary>
    public FilePolicyOptions(Verb verb)
    {
        _paths.Validators.Add(RequireAbsolute);
        Option[] all = [_files, _paths, _fileMax, _filesMax, _frozenMax, _over];
        Array.ForEach(all, verb.Options.Add);
    }

    private enum Over
    {
        Refuse,
        Sizes,
    }

    /// <summary>The policy that they make.</summary>
    public JobPolicy Policy(ParseResult arguments)
    {
        var rules = new FileRules
        {
            Carry = arguments.GetValue(_files),
            Paths = arguments.GetValue(_paths) is { Length: > 0 } paths ? paths : null,
            FileBytesMax = arguments.GetValue(_fileMax),
            TotalBytesMax = arguments.GetValue(_filesMax),
            FreezeBytesMax = arguments.GetValue(_frozenMax),
            RefusesOverBudget = arguments.GetValue(_over) is { } over ? over == Over.Refuse : null,
        };
        return rules == new FileRules() ? JobPolicy.Default : new JobPolicy { Files = rules };
    }

    private static Option<long?> Bytes(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "BYTES",
        CustomParser = result =>
        {
            if (SizeText.TryParse(result.Tokens[0].Value, out long bytes))
            {
                return bytes;
            }

            result.AddError($"'{result.Tokens[0].Value}' is no size: {SizeText.Rule}.");
            return null;
        },
    };

    private static T? Parse<T>(ArgumentResult result, string rule)
        where T : struct, Enum
    {
        string word = result.Tokens[0].Value;
        foreach (T value in Enum.GetValues<T>())
        {
            if (value.ToString().Equals(word, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        result.AddError($"'{word}' is neither of {rule}.");
        return null;
    }

    private static void RequireAbsolute(OptionResult result)
    {
        foreach (Token token in result.Tokens.Where(token => !token.Value.StartsWith('/')))
        {
            result.AddError($"'{token.Value}' is no absolute path.");
        }
    }
}
