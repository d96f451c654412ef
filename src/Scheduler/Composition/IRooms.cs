using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Store;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Scheduler.Composition;

/// <summary>Hands a verb the engine and the store. Each is made at its first use: most verbs need only one of them.</summary>
internal interface IRooms : IDisposable
{
    /// <summary>Absolute path of the store, whether or not there is one.</summary>
    string StoreDirectory { get; }

    /// <summary>The engine.</summary>
    IJobEngine Engine { get; }

    /// <summary>Where the store is encrypted, no key is named, and somebody sits at a terminal: asks for the passphrase, and puts it into the settings.</summary>
    void AskForSecret();

    /// <summary>Opens the store that must exist. The caller disposes it.</summary>
    IJobStore OpenStore();

    /// <summary>Opens the store, made where there is none. The caller disposes it.</summary>
    IJobStore OpenOrCreateStore();

    /// <summary>Every option.</summary>
    Settings Settings { get; }

    /// <summary>Opens the store for the service, made where there is none. The caller disposes it.</summary>
    /// <param name="loggers">Where it logs.</param>
    IJobStore OpenStoreForService(ILoggerFactory loggers);

    /// <summary>The engine for the service.</summary>
    /// <param name="loggers">Where it logs.</param>
    IJobEngine EngineForService(ILoggerFactory loggers);

    /// <summary>Reads the host's policy files. The caller disposes of it.</summary>
    PolicyFolder OpenPolicies();

    /// <summary>As <see cref="CheckpointStore.Repair(string, StoreOptions, Microsoft.Extensions.Logging.ILoggerFactory, RepairOptions, IProgress{long}?, CancellationToken)"/>:
    /// the store need not open.</summary>
    RepairReport RepairStore(RepairOptions options, IProgress<long>? bytesDone, CancellationToken cancellation);
}

/// <summary>Makes the rooms for one invocation.</summary>
/// <param name="storeDirectory">Value of <c>--store</c>, or null.</param>
/// <param name="keyFile">Value of <c>--key-file</c>, or null.</param>
/// <param name="verbose">True with <c>--verbose</c>.</param>
internal delegate IRooms RoomsFactory(string? storeDirectory, string? keyFile, bool verbose);
