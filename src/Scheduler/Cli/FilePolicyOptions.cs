using System.CommandLine;
using System.CommandLine.Parsing;
using Checkpointer.Engine;
using Checkpointer.Scheduler.Policies;

namespace Checkpointer.Scheduler.Cli;

/// <summary>Options that say which files a job's generations carry; remembered with the job.</summary>
internal sealed class FilePolicyOptions
{
    private readonly Option<FileChoice?> _files = Words.Choice<FileChoice>(
        "--files", "What generations carry of files that the job writes: contents (the default), sizes, or none.", FileChoice.None, FileChoice.Sizes, FileChoice.Contents);

    private readonly Option<string[]> _paths = new("--file")
    {
        Description = "Carry this file, too, directory with all files below it, or pattern with * and ?. May be given several times.",
        HelpName = "PATH",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<long?> _fileMax = Words.Size("--file-max", "Most bytes of one file. Default: 16G.", smallest: 0);
    private readonly Option<long?> _filesMax = Words.Size("--files-max", "Most bytes of all files together. Default: 64G.", smallest: 0);
    private readonly Option<long?> _frozenMax = Words.Size("--frozen-max", "Most bytes of files that are copied while the job stands still. Default: 64M.", smallest: 0);

    private readonly Option<Over?> _over = Words.Choice<Over>(
        "--files-over", "What is done with a file that exceeds one of these: carry its size alone (sizes, the default), or refuse the dump.");

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

    private static void RequireAbsolute(OptionResult result)
    {
        foreach (Token token in result.Tokens.Where(token => !token.Value.StartsWith('/')))
        {
            result.AddError($"'{token.Value}' is no absolute path.");
        }
    }
}
