using Checkpointer.Scheduler.Cli;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Daemon;
using Checkpointer.Scheduler.Jobs;

namespace Checkpointer.Scheduler.Control;

/// <summary>A series that the service dumps, one generation after the other as it is asked: it has the tracker of the job's pages, and each costs what changed. Its own schedule goes on beside it.</summary>
/// <param name="service">The service; a new one is looked for where it is gone.</param>
/// <param name="storeDirectory">Its store.</param>
/// <param name="job">The job.</param>
/// <param name="wish">How it is dumped.</param>
/// <param name="onGeneration">Told each generation as it is committed.</param>
internal sealed class ServedSeries(ControlClient service, string storeDirectory, string job, DumpWish wish, Action<DumpLine> onGeneration) : ISeriesTarget, IDisposable
{
    private ControlClient? _back;

    /// <inheritdoc/>
    public bool IsRunning
    {
        get
        {
            try
            {
                return Ask(client => client.Ask(HttpMethod.Get, $"/v1/jobs/{job}", CliJson.Lines.StatusLine, CancellationToken.None)[0].State)
                    is CareState.Running or CareState.Paused or CareState.Recovering or CareState.Waiting;
            }
            catch (ControlException gone) when (gone.Error.ExitCode == ExitCode.TryLater)
            {
                return true; // nobody says that it has ended
            }
        }
    }

    /// <inheritdoc/>
    public void Dump(long expectedBytes, bool stops, CancellationToken cancellation) => onGeneration(
        Ask(client => client.Post($"/v1/jobs/{job}/dump", wish with { Stop = stops }, CliJson.Lines.DumpWish, CliJson.Lines.DumpLine, cancellation)));

    /// <inheritdoc/>
    public void Dispose() => _back?.Dispose();

    private T Ask<T>(Func<ControlClient, T> ask)
    {
        try
        {
            return ask(_back ?? service);
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException)
        {
            if (ControlClient.TryConnect(storeDirectory) is { } back)
            {
                _back?.Dispose();
                _back = back;
            }

            throw new ControlException(new ErrorLine($"the service of {storeDirectory} does not answer; job {job} runs on", "systemd starts it again; by hand, `checkpointer daemon`", ExitCode.TryLater, []));
        }
    }
}
