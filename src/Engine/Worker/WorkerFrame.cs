namespace Checkpointer.Engine.Worker;

/// <summary>What is said between us and a worker.</summary>
internal enum FrameKind : byte
{
    /// <summary>To the worker: a <see cref="WorkerRequest"/>.</summary>
    Request,

    /// <summary>To the worker: the request under way is cancelled.</summary>
    Cancel,

    /// <summary>To the worker: the image that it asked for.</summary>
    Image,

    /// <summary>To the worker: an address and the pages there, of the content that it asked for.</summary>
    Pages,

    /// <summary>To the worker: there are no more pages.</summary>
    PagesEnd,

    /// <summary>To the worker: what it asked for cannot be read. We know why.</summary>
    SourceFailed,

    /// <summary>To the worker: it is known who the restored job is.</summary>
    Noted,

    /// <summary>From the worker: the PID inside of a job's first process, which is complete and does not run yet.</summary>
    Built,

    /// <summary>From the worker: the result of the request.</summary>
    Reply,

    /// <summary>From the worker: a <see cref="WorkerFailure"/>.</summary>
    Failure,

    /// <summary>From the worker: bytes done.</summary>
    Progress,

    /// <summary>From the worker: the image of a name is wanted.</summary>
    ReadImage,

    /// <summary>From the worker: the pages of a name are wanted.</summary>
    ReadPages,

    /// <summary>From the worker: a name, its length before it, and an image.</summary>
    PutImage,

    /// <summary>From the worker: a number, and the name of the content that is known by it from here on.</summary>
    OpenPages,

    /// <summary>From the worker: the number of a content, an address, and pages.</summary>
    WritePages,

    /// <summary>From the worker: the number of a content, an address, and a length.</summary>
    ClearPages,

    /// <summary>From the worker: the number of a content that is complete.</summary>
    ClosePages,
}

/// <summary>One message.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Payload">Its bytes.</param>
internal readonly record struct Frame(FrameKind Kind, byte[] Payload);
