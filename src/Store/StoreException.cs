namespace Checkpointer.Store;

/// <summary>Why the store could not do what was asked. The command line maps each to an exit code.</summary>
public enum StoreFailure
{
    /// <summary>An input or output failed.</summary>
    Failed,

    /// <summary>There is no store at the path.</summary>
    NoStore,

    /// <summary>Somebody else holds the lock that is needed.</summary>
    Locked,

    /// <summary>Bytes on disk are not what was written.</summary>
    Corrupt,

    /// <summary>The store was written by a newer version.</summary>
    UnsupportedVersion,

    /// <summary>No space left.</summary>
    Full,

    /// <summary>The directory cannot be read or written by us.</summary>
    NotPermitted,

    /// <summary>No such job or generation.</summary>
    NotFound,

    /// <summary>A job of that name exists already.</summary>
    AlreadyExists,

    /// <summary>The store is encrypted, and the key was not given, cannot be read, or is another; or the other way round.</summary>
    NoKey,
}

/// <summary>A failure of the store: one sentence that names what failed and on what, and a hint what to do.</summary>
public class StoreException(StoreFailure reason, string message, string? hint = null, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>Why.</summary>
    public StoreFailure Reason { get; } = reason;

    /// <summary>What the operator can do, or null where the message says it.</summary>
    public string? Hint { get; } = hint;
}
