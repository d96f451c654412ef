namespace Checkpointer.Engine.Proc;

/// <summary>One line of /proc/PID/mountinfo (man 5 proc_pid_mountinfo); all escapes are decoded.</summary>
internal sealed record Mount
{
    /// <summary>Field 1: unique among the mounts of now.</summary>
    public required int MountId { get; init; }

    /// <summary>Field 2: mount below which this one hangs.</summary>
    public required int ParentId { get; init; }

    /// <summary>Field 3: <c>st_dev</c> of its files (but not on btrfs and overlayfs).</summary>
    public required uint Major { get; init; }

    /// <summary>Field 3.</summary>
    public required uint Minor { get; init; }

    /// <summary>Field 4: directory of the file system that is its root.</summary>
    public required string Root { get; init; }

    /// <summary>Field 5: path from the process's root.</summary>
    public required string MountPoint { get; init; }

    /// <summary>Field 6: options of this mount, joined by commas.</summary>
    public required string Options { get; init; }

    /// <summary>First field behind the hyphen, such as <c>ext4</c> or <c>fuse.sshfs</c>.</summary>
    public required string FileSystemType { get; init; }

    /// <summary>Second field behind the hyphen: device, or any text, or empty.</summary>
    public required string Source { get; init; }

    /// <summary>Third field behind the hyphen: options of the file system.</summary>
    public required string SuperOptions { get; init; }
}
