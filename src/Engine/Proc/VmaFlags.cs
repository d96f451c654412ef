namespace Checkpointer.Engine.Proc;

/// <summary>
/// The <c>VmFlags</c> line of /proc/PID/smaps (Documentation/filesystems/proc.rst). The bits are ours, not the kernel's:
/// its own differ between architectures and releases, the two-letter codes do not.
/// </summary>
[Flags]
internal enum VmaFlags : ulong
{
    /// <summary>No flag, or no such line.</summary>
    None = 0,

    /// <summary>rd: readable.</summary>
    Read = 1UL << 0,

    /// <summary>wr: writable.</summary>
    Write = 1UL << 1,

    /// <summary>ex: executable.</summary>
    Execute = 1UL << 2,

    /// <summary>sh: shared.</summary>
    Shared = 1UL << 3,

    /// <summary>mr: may be made readable.</summary>
    MayRead = 1UL << 4,

    /// <summary>mw: may be made writable.</summary>
    MayWrite = 1UL << 5,

    /// <summary>me: may be made executable.</summary>
    MayExecute = 1UL << 6,

    /// <summary>ms: may be shared.</summary>
    MayShare = 1UL << 7,

    /// <summary>gd: stack that grows down.</summary>
    GrowsDown = 1UL << 8,

    /// <summary>pf: page frames without struct page.</summary>
    PfnMap = 1UL << 9,

    /// <summary>dw: writes to the file are denied; before Linux 5.15.</summary>
    DenyWrite = 1UL << 10,

    /// <summary>lo: locked in memory.</summary>
    Locked = 1UL << 11,

    /// <summary>io: device memory.</summary>
    Io = 1UL << 12,

    /// <summary>sr: MADV_SEQUENTIAL.</summary>
    SequentialRead = 1UL << 13,

    /// <summary>rr: MADV_RANDOM.</summary>
    RandomRead = 1UL << 14,

    /// <summary>dc: MADV_DONTFORK, a child does not get it.</summary>
    DontCopy = 1UL << 15,

    /// <summary>de: mremap may not expand it.</summary>
    DontExpand = 1UL << 16,

    /// <summary>lf: pages are locked as they are faulted in.</summary>
    LockOnFault = 1UL << 17,

    /// <summary>ac: counts against the commit limit.</summary>
    Account = 1UL << 18,

    /// <summary>nr: MAP_NORESERVE.</summary>
    NoReserve = 1UL << 19,

    /// <summary>ht: huge pages of hugetlbfs.</summary>
    HugeTlb = 1UL << 20,

    /// <summary>sf: MAP_SYNC.</summary>
    SyncFault = 1UL << 21,

    /// <summary>nl: nonlinear mapping; before Linux 4.0.</summary>
    NonLinear = 1UL << 22,

    /// <summary>ar: bit of the architecture.</summary>
    Architecture = 1UL << 23,

    /// <summary>wf: MADV_WIPEONFORK, a child finds zeros.</summary>
    WipeOnFork = 1UL << 24,

    /// <summary>dd: MADV_DONTDUMP, not in core files.</summary>
    DontDump = 1UL << 25,

    /// <summary>sd: soft-dirty.</summary>
    SoftDirty = 1UL << 26,

    /// <summary>mm: mixed map.</summary>
    MixedMap = 1UL << 27,

    /// <summary>hg: MADV_HUGEPAGE.</summary>
    HugePage = 1UL << 28,

    /// <summary>nh: MADV_NOHUGEPAGE.</summary>
    NoHugePage = 1UL << 29,

    /// <summary>mg: MADV_MERGEABLE.</summary>
    Mergeable = 1UL << 30,

    /// <summary>bt: arm64 branch target identification.</summary>
    BranchTargets = 1UL << 31,

    /// <summary>mt: arm64 memory tagging.</summary>
    MemoryTags = 1UL << 32,

    /// <summary>um: userfaultfd, missing pages.</summary>
    UffdMissing = 1UL << 33,

    /// <summary>uw: userfaultfd, write protection.</summary>
    UffdWriteProtect = 1UL << 34,

    /// <summary>ui: userfaultfd, minor faults.</summary>
    UffdMinor = 1UL << 35,

    /// <summary>ss: shadow stack.</summary>
    ShadowStack = 1UL << 36,

    /// <summary>sl: sealed by mseal(2).</summary>
    Sealed = 1UL << 37,

    /// <summary>dp: MAP_DROPPABLE, the kernel may forget its pages.</summary>
    Droppable = 1UL << 38,

    /// <summary>gu: may hold MADV_GUARD_INSTALL pages.</summary>
    Guard = 1UL << 39,

    /// <summary>mp: MPX bounds table; Linux 3.19 to 5.5.</summary>
    MpxBounds = 1UL << 40,
}
