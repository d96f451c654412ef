using System.Globalization;
using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Store;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Scheduler.Daemon;

/// <summary>Runs the commands that a policy wants around dumps.</summary>
/// <param name="commands">Runs them; null where nothing can.</param>
/// <param name="log">Where failures behind a dump are told.</param>
internal sealed class DumpHooks(ICommandRunner? commands, ILogger log)
{
    /// <summary>Runs the one before a dump.</summary>
    /// <exception cref="SchedulerException">It did not end with exit code 0 in time: the dump must not be.</exception>
    public async Task BeforeAsync(string job, ProcessIdentity root, HookRules? hooks)
    {
        if (hooks?.Before is { } command && await RunAsync(command, hooks, Variables("before", job, root)) is { } why)
        {
            throw new SchedulerException(SchedulerFailure.Failed, $"the hook before the dump of job {job} failed: {why}", "the job was not touched; correct the command, or hooks.before of the policy");
        }
    }

    /// <summary>Runs the one after a dump. Its failure is logged and changes nothing.</summary>
    /// <param name="job">The job.</param>
    /// <param name="root">Its root.</param>
    /// <param name="hooks">What the policy wants.</param>
    /// <param name="generation">The new generation; null where the dump failed.</param>
    public async Task AfterAsync(string job, ProcessIdentity root, HookRules? hooks, GenerationName? generation)
    {
        if (hooks?.After is not { } command)
        {
            return;
        }

        Dictionary<string, string> variables = Variables("after", job, root);
        variables["CHECKPOINTER_OUTCOME"] = generation is null ? "failed" : "ok";
        variables["CHECKPOINTER_GENERATION"] = generation?.ToString() ?? "";
        if (await RunAsync(command, hooks, variables) is { } why)
        {
            DaemonLog.HookFailed(log, job, why);
        }
    }

    private static Dictionary<string, string> Variables(string hook, string job, ProcessIdentity root) => new()
    {
        ["CHECKPOINTER_HOOK"] = hook,
        ["CHECKPOINTER_JOB"] = job,
        ["CHECKPOINTER_PID"] = root.Pid.Value.ToString(CultureInfo.InvariantCulture),
    };

    // Why it failed, or null.
    private async Task<string?> RunAsync(IReadOnlyList<string> command, HookRules hooks, Dictionary<string, string> variables)
    {
        if (commands is null)
        {
            return "hooks are run by the service only; start it with `checkpointer daemon`";
        }

        TimeSpan limit = hooks.TimeLimit ?? HookRules.UsualTimeLimit;
        try
        {
            ProcessEnd? end = await commands.RunAsync(command, variables, limit);
            return end switch
            {
                { ExitCode: 0 } => null,
                { ExitCode: { } code } => string.Create(CultureInfo.InvariantCulture, $"{command[0]} ended with exit code {code}"),
                { Signal: { } signal } => string.Create(CultureInfo.InvariantCulture, $"signal {signal} ended {command[0]}"),
                null => $"{command[0]} took longer than {DurationText.Format(limit)} and was killed",
                _ => $"how {command[0]} ended is not known",
            };
        }
        catch (EngineException notStarted)
        {
            return notStarted.Message;
        }
    }
}
