using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Cli;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Daemon;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Recovery;
using Checkpointer.Scheduler.Upkeep;
using Checkpointer.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Checkpointer.Scheduler.Control;

/// <summary>
/// The service's end of the control socket: HTTP/1.1 with one JSON object a line, those of <c>--json</c> (docs/control.md). Every request is judged by who asks: others' jobs
/// are not there.
/// </summary>
internal sealed class ControlServer(JobRoster roster, CareParts parts, DaemonFacts facts, StoreUpkeep upkeep, ServiceMemory memory)
{
    private const int EventsMax = 1000;
    private const string Ndjson = "application/x-ndjson";
    private readonly StatusReport _report = new(parts.Engine, parts.Store, parts.Policies, memory, parts.Time);

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        void Route(string method, string path, Func<HttpContext, Task> answer) => routes.MapMethods(path, [method], new RequestDelegate(answer));

        Route("GET", "/v1/status", context => AnswerAsync(context, _ => Task.FromResult(Lines(CliJson.Lines.DaemonLine, Describe()))));
        Route("GET", "/v1/jobs", context => AnswerAsync(context, peer => Task.FromResult(Lines(CliJson.Lines.StatusLine, [.. Visible(peer).Select(Describe)]))));
        Route("POST", "/v1/jobs", context => AnswerAsync(context, peer => RegisterAsync(context, peer)));
        Route("GET", "/v1/jobs/{job}", context => OnJobAsync(context, job => Task.FromResult(Lines(CliJson.Lines.StatusLine, Describe(job)))));
        Route("DELETE", "/v1/jobs/{job}", context => OnJobAsync(context, UnregisterAsync));
        Route("GET", "/v1/jobs/{job}/events", context => OnJobAsync(context, job => Task.FromResult(Lines(CliJson.Lines.EventLine, Events(job, context)))));
        Route("GET", "/v1/jobs/{job}/generations", context => OnJobAsync(
            context, job => Task.FromResult(Lines(CliJson.Lines.GenerationLine, [.. parts.Store.Generations(job.Name).Select(GenerationLine.From)]))));
        Route("POST", "/v1/jobs/{job}/dump", context => OnJobAsync(context, job => DumpAsync(context, job)));
        Route("POST", "/v1/jobs/{job}/recover", context => OnJobAsync(context, (job, peer) => RecoverAsync(context, job, peer)));
        Route("POST", "/v1/jobs/{job}/wait", context => OnJobAsync(context, (job, peer) => Task.FromResult(Wait(job, peer))));
        Route("POST", "/v1/jobs/{job}/rehearse", context => OnJobAsync(context, job => RehearseAsync(context, job)));
        Route("POST", "/v1/jobs/{job}/look", context => OnJobAsync(context, LookAsync));
        Route("POST", "/v1/jobs/{job}/pause", context => OnJobAsync(context, job => PauseAsync(job, isPaused: true)));
        Route("POST", "/v1/jobs/{job}/resume", context => OnJobAsync(context, job => PauseAsync(job, isPaused: false)));
    }

    /// <summary>What there is to be said of the service.</summary>
    public DaemonLine Describe() => new(
        parts.Store.Directory, facts.Socket, Environment.ProcessId, facts.StartedAt, parts.Store.Jobs().Count(job => job.IsRegistered), parts.Slots.Taken, parts.Restores.Taken,
        [.. upkeep.States.Select(UpkeepLine.From)]);

    private static string[] Lines<T>(JsonTypeInfo<T> type, params IReadOnlyList<T> lines) => [.. lines.Select(line => JsonSerializer.Serialize(line, type))];

    private Task OnJobAsync(HttpContext context, Func<JobRecord, Task<string[]>> answer) => OnJobAsync(context, (job, _) => answer(job));

    private Task OnJobAsync(HttpContext context, Func<JobRecord, Peer, Task<string[]>> answer) => AnswerAsync(
        context,
        peer =>
        {
            JobRecord job = parts.Store.Job((string)context.Request.RouteValues["job"]!);

            // As if it did not exist: names of others' jobs are none of the asker's business.
            return peer.MayUse(job, parts.Engine)
                ? answer(job, peer)
                : throw new StoreException(StoreFailure.NotFound, $"there is no job named '{job.Name}'", "'checkpointer status' lists yours");
        });

    private async Task AnswerAsync(HttpContext context, Func<Peer, Task<string[]>> answer)
    {
        string[] lines;
        try
        {
            lines = await answer(Peer.Of(context, parts.Engine));
        }
#pragma warning disable CA1031 // The end of the line: what is not caught here would be an empty answer.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            ErrorLine error = FailureReport.From(failure);
            context.Response.StatusCode = ControlStatus.Of(failure, error.ExitCode);
            lines = [JsonSerializer.Serialize(error, CliJson.Lines.ErrorLine)];
        }

        context.Response.ContentType = Ndjson;
        await context.Response.WriteAsync(string.Concat(lines.Select(line => line + "\n")), context.RequestAborted);
    }


    private StatusLine Describe(JobRecord job) => _report.Describe(job, roster.Of(job.Name).State, roster.Of(job.Name).NextRehearsal);

    private IEnumerable<JobRecord> Visible(Peer peer) => parts.Store.Jobs().Where(job => job.IsRegistered && peer.MayUse(job, parts.Engine));

    private EventLine[] Events(JobRecord job, HttpContext context)
    {
        int count = int.TryParse(context.Request.Query["count"], out int asked) ? Math.Clamp(asked, 1, EventsMax) : EventsMax;
        return [.. parts.Store.Events(job.Name, count).Select(EventLine.From)];
    }

    private async Task<string[]> RegisterAsync(HttpContext context, Peer peer)
    {
        RegisterWish wish = await ReadAsync(context, CliJson.Lines.RegisterWish) ?? throw new BadHttpRequestException("a body with name and pid or cgroup is needed");
        JobPolicy policy = ReadPolicy(wish.Policy);
        if (!JobName.IsValid(wish.Name) || wish.Pid is null == wish.Cgroup is null || wish.Pid <= 0)
        {
            throw new BadHttpRequestException($"name is {JobName.Rule}; either pid or cgroup says what the job is");
        }

        JobScope scope = wish.Cgroup is { } cgroup ? JobScope.FromCgroup(cgroup) : new ProcessId(wish.Pid!.Value);
        RequireAllowed(peer, wish, policy);
        if (PolicyCheck.Of(policy).FirstOrDefault() is { Key: not null } bad)
        {
            throw new BadHttpRequestException($"policy: {bad.Key}: {bad.Reason}");
        }

        var registrar = new JobRegistrar(parts.Engine, parts.Time);
        (ProcessIdentity identity, PreflightReport report) = registrar.Inspect(scope, parts.Policies.Resolve(policy).ToChoices());
        JobRecord job = registrar.Register(parts.Store, wish.Name, scope, identity, report, policy);
        parts.History.Note(job.Name, EventKind.Registered, job.Command, identity);
        await roster.Of(job.Name).LookAsync();
        return Lines(
            CliJson.Lines.RegisterLine,
            new RegisterLine(job.Name, job.Pid, job.Command, parts.Store.Directory, report.CanDump, [.. report.Findings.Select(FindingLine.From)]));
    }

    private static JobPolicy ReadPolicy(JsonElement? policy)
    {
        try
        {
            return policy is { ValueKind: JsonValueKind.Object } said ? said.Deserialize(PolicyFileJson.Default.JobPolicy) ?? JobPolicy.Default : JobPolicy.Default;
        }
        catch (JsonException malformed)
        {
            throw new BadHttpRequestException($"the policy cannot be read: {malformed.Message}", malformed);
        }
    }

    /// <summary>Users may register what is theirs, and nothing that the service would do for them with rights that they do not have.</summary>
    private void RequireAllowed(Peer peer, RegisterWish wish, JobPolicy policy)
    {
        if (peer.IsAdministrator)
        {
            return;
        }

        bool isTheirs = wish.Pid is { } pid && parts.Engine.OwnerOf(new ProcessId(pid)) == peer.Uid;
        bool asksForMore = policy.Hooks is not null || policy.Alerts is not null || policy.Files?.Paths is not null;
        bool isNameTaken = parts.Store.Jobs().Any(job => job.Name == wish.Name && job.Owner != peer.Uid);
        if (!isTheirs || asksForMore || isNameTaken)
        {
            throw new UnauthorizedAccessException(
                !isTheirs ? "only root may register processes of others, and cgroups"
                : asksForMore ? "only root may give a job hooks, alerts, or paths of more files"
                : $"the name {wish.Name} is taken");
        }
    }

    private async Task<string[]> UnregisterAsync(JobRecord job)
    {
        await roster.Of(job.Name).UnregisterAsync();
        return Lines(CliJson.Lines.UnregisterLine, new UnregisterLine(job.Name, parts.Store.Generations(job.Name).Count));
    }

    private async Task<string[]> DumpAsync(HttpContext context, JobRecord job)
    {
        RequireRegistered(job);
        DumpWish wish = await ReadAsync(context, CliJson.Lines.DumpWish) ?? new DumpWish();
        DumpChoices usual = parts.Policies.Resolve(job).ToChoices();
        TcpChoice? tcp = usual.Tcp;
        if (wish.Tcp is not null && !Words.TryParse(wish.Tcp, out tcp))
        {
            throw new BadHttpRequestException("tcp is refuse, close or keep");
        }

        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, parts.Stopping);
        DumpOutcome outcome = await roster.Of(job.Name).DumpAsync(new DumpChoices(wish.ShellJob ?? usual.IsShellJob, tcp!.Value), wish.Stop, cancellation.Token);
        return Lines(CliJson.Lines.DumpLine, DumpReporting.ToLine(outcome));
    }

    private async Task<string[]> RecoverAsync(HttpContext context, JobRecord job, Peer peer)
    {
        RecoverWish wish = await ReadAsync(context, CliJson.Lines.RecoverWish) ?? new RecoverWish();
        PidNamespaceChoice? pidNamespace = null;
        if (wish.PidNamespace is not null && !Words.TryParse(wish.PidNamespace, out pidNamespace))
        {
            throw new BadHttpRequestException("pid_namespace is refuse, when-taken or always");
        }

        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, parts.Stopping);
        CancellationToken token = cancellation.Token;
        roster.Of(job.Name).WaitedForBy(peer.Pid);
        RecoveryOutcome outcome = await roster.Of(job.Name).RecoverAsync(
            (recoverer, record) => wish.Generation is { } number ? recoverer.RestoreOnly(new GenerationName(record.Name, number), token) : recoverer.Recover(record, token),
            wish.KeepFiles,
            pidNamespace,
            token);
        return Lines(CliJson.Lines.RecoverLine, RecoveryReport.ToLine(outcome));
    }

    private string[] Wait(JobRecord job, Peer peer)
    {
        roster.Of(job.Name).WaitedForBy(peer.Pid);
        return Lines(CliJson.Lines.StatusLine, Describe(job));
    }

    private async Task<string[]> RehearseAsync(HttpContext context, JobRecord job)
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, parts.Stopping);
        return Lines(CliJson.Lines.RehearseLine, RehearsalReporting.ToLine(await roster.Of(job.Name).RehearseAsync(cancellation.Token)));
    }

    private async Task<string[]> LookAsync(JobRecord job)
    {
        await roster.Of(job.Name).LookAsync();
        return Lines(CliJson.Lines.StatusLine, Describe(parts.Store.Job(job.Name)));
    }

    private async Task<string[]> PauseAsync(JobRecord job, bool isPaused)
    {
        RequireRegistered(job);
        await roster.Of(job.Name).SetPausedAsync(isPaused);
        return Lines(CliJson.Lines.PauseLine, new PauseLine(job.Name, isPaused));
    }

    private static void RequireRegistered(JobRecord job)
    {
        if (!job.IsRegistered)
        {
            throw new SchedulerException(SchedulerFailure.Failed, $"job {job.Name} is not registered", $"`checkpointer register {job.Name} --pid P`");
        }
    }

    private static async Task<T?> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
        where T : class
    {
        if (context.Request.ContentLength is null or 0)
        {
            return null;
        }

        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted);
        }
        catch (JsonException malformed)
        {
            throw new BadHttpRequestException($"the body cannot be read: {malformed.Message}", malformed);
        }
    }
}
