using System.CommandLine;
using System.Globalization;
using Checkpointer.Scheduler.Policies;

namespace Checkpointer.Scheduler.Cli;

/// <summary>Options that say what dumps of a job may use beside it; remembered with the job.</summary>
internal sealed class LimitOptions
{
    private readonly Option<int?> _nice = Count("--limit-nice", "Nice level of the threads that dump. Default: as configured.", 0, LimitRules.NiceMax);
    private readonly Option<int?> _cores = Count("--limit-cores", "Threads that hash and compress. Default: as configured, one per processor.", 1, LimitRules.CoresMax);

    private readonly Option<long?> _rate = Words.Size(
        "--limit-rate", "Most bytes of memory and files that a dump takes per second while the job runs, such as 50MiB. Default: no limit.");

    /// <summary>Adds the options to a verb.</summary>
    public LimitOptions(Verb verb)
    {
        _rate.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && SizeText.TryParse(token.Value, out long rate) && rate < LimitRules.RateMin)
            {
                result.AddError("--limit-rate is 64K at least.");
            }
        });
        Option[] all = [_nice, _cores, _rate];
        Array.ForEach(all, verb.Options.Add);
    }

    /// <summary>The rules that they make; null for none.</summary>
    public LimitRules? Rules(ParseResult arguments)
    {
        var rules = new LimitRules { Nice = arguments.GetValue(_nice), Cores = arguments.GetValue(_cores), Rate = arguments.GetValue(_rate) };
        return rules == new LimitRules() ? null : rules;
    }

    private static Option<int?> Count(string name, string description, int least, int most) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result =>
        {
            string word = result.Tokens[0].Value;
            if (int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count >= least && count <= most)
            {
                return count;
            }

            result.AddError(string.Create(CultureInfo.InvariantCulture, $"'{word}' is no number from {least} to {most}."));
            return null;
        },
    };
}
