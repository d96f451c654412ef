using Checkpointer.Engine;
using Checkpointer.Scheduler.Control;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary>Exit codes of every verb. They are a contract (docs/cli.md): programs treat unknown ones as failure.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>Failed for a reason without a code of its own.</summary>
    public const int Failed = 1;

    /// <summary>The command line is malformed.</summary>
    public const int Usage = 2;

    /// <summary>Done, but something needs attention.</summary>
    public const int Warnings = 3;

    /// <summary>There was nothing to restore.</summary>
    public const int NothingToRestore = 4;

    /// <summary>Preflight found state that is not carried.</summary>
    public const int Refused = 5;

    /// <summary>There is no store.</summary>
    public const int NoStore = 10;

    /// <summary>Somebody else holds a lock.</summary>
    public const int Locked = 11;

    /// <summary>Stored bytes are bad.</summary>
    public const int Corrupt = 12;

    /// <summary>The store is of a newer version.</summary>
    public const int Version = 13;

    /// <summary>The store is encrypted, and there is no right key.</summary>
    public const int NoKey = 14;

    /// <summary>Try later (EX_TEMPFAIL of sysexits.h).</summary>
    public const int TryLater = 75;

    /// <summary>A job that was run was dumped and stopped: a batch system may queue it again.</summary>
    public const int Stopped = 85;

    /// <summary>Cancelled (128 + SIGINT, as shells report it).</summary>
    public const int Cancelled = 130;

    /// <summary>The code for a failure. One place, so that no verb answers the same failure in its own way.</summary>
    public static int From(Exception failure) => failure switch
    {
        EngineException engine => From(engine.Reason),
        StoreException store => From(store.Reason),
        SchedulerException scheduler => From(scheduler.Reason),
        ControlException told => told.Error.ExitCode,
        OperationCanceledException => Cancelled,
        _ => Failed,
    };

    private static int From(EngineFailure reason) => reason switch
    {
        EngineFailure.Refused => Refused,
        EngineFailure.BadImage => Corrupt,
        EngineFailure.TimedOut or EngineFailure.FileBusy or EngineFailure.PidUnreaped => TryLater,
        _ => Failed,
    };

    private static int From(StoreFailure reason) => reason switch
    {
        StoreFailure.NoStore => NoStore,
        StoreFailure.Locked => Locked,
        StoreFailure.Corrupt => Corrupt,
        StoreFailure.UnsupportedVersion => Version,
        StoreFailure.NoKey => NoKey,
        _ => Failed,
    };

    private static int From(SchedulerFailure reason) => reason switch
    {
        SchedulerFailure.NothingToRestore => NothingToRestore,
        SchedulerFailure.Damaged => Corrupt,
        _ => Failed,
    };
}
