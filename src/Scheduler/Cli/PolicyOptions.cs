using System.CommandLine;
using Checkpointer.Scheduler.Policies;

namespace Checkpointer.Scheduler.Cli;

/// <summary>Options of verbs that take a job under our care: the policy file that holds for it, and what is said beside that.</summary>
internal sealed class PolicyOptions
{
    private readonly Option<string?> _policy = new("--policy")
    {
        Description = "What policy file P says holds for the job, but for what other options say. `policy list` lists them.",
        HelpName = "P",
    };

    private readonly Option<RecoveryChoice?> _onCrash = Words.Choice<RecoveryChoice>(
        "--on-crash", "Who brings the job back after a crash. Default: manual.");

    private readonly Option<RecoveryChoice?> _onBoot = Words.Choice(
        "--on-boot", "Who brings the job back after a boot of the host. Default: manual.", RecoveryChoice.Auto, RecoveryChoice.Manual);

    private readonly ScheduleOptions _schedule;
    private readonly RetentionOptions _retention;
    private readonly LimitOptions _limits;

    /// <summary>Adds the options to a verb.</summary>
    public PolicyOptions(Verb verb)
    {
        _policy.Validators.Add(Words.RequirePolicyName);
        verb.Options.Add(_policy);
        _schedule = new ScheduleOptions(verb);
        _retention = new RetentionOptions(verb);
        verb.Options.Add(_onCrash);
        verb.Options.Add(_onBoot);
        _limits = new LimitOptions(verb);
    }

    /// <summary>The policy that they make.</summary>
    public JobPolicy Policy(ParseResult arguments)
    {
        var recovery = new RecoveryRules { OnCrash = arguments.GetValue(_onCrash), OnBoot = arguments.GetValue(_onBoot) };
        return new JobPolicy
        {
            From = arguments.GetValue(_policy),
            Schedule = _schedule.Rules(arguments),
            TimeZone = _retention.ZoneName(arguments),
            Retention = _retention.Rules(arguments),
            Recovery = recovery == new RecoveryRules() ? null : recovery,
            Limits = _limits.Rules(arguments),
        };
    }
}
