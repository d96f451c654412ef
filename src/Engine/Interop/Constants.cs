namespace Checkpointer.Engine.Interop;

/// <summary>ptrace(2) requests, options and events, linux/ptrace.h.</summary>
internal static class Ptrace
{
    internal const int PTRACE_CONT = 7;
    internal const int PTRACE_DETACH = 17;
    internal const int PTRACE_SYSCALL = 24;
    internal const int PTRACE_SETOPTIONS = 0x4200;
    internal const int PTRACE_GETEVENTMSG = 0x4201;
    internal const int PTRACE_GETREGSET = 0x4204;
    internal const int PTRACE_SETREGSET = 0x4205;
    internal const int PTRACE_SEIZE = 0x4206;
    internal const int PTRACE_INTERRUPT = 0x4207;
    internal const int PTRACE_PEEKSIGINFO = 0x4209;
    internal const int PTRACE_GETSIGMASK = 0x420a;
    internal const int PTRACE_SETSIGMASK = 0x420b;
    internal const int PTRACE_SECCOMP_GET_FILTER = 0x420c;
    internal const int PTRACE_SECCOMP_GET_METADATA = 0x420d;
    internal const int PTRACE_GET_SYSCALL_INFO = 0x420e;
    internal const int PTRACE_GET_RSEQ_CONFIGURATION = 0x420f;
    internal const int PTRACE_O_TRACESYSGOOD = 1;
    internal const int PTRACE_O_TRACEFORK = 1 << 1;
    internal const int PTRACE_O_TRACEVFORK = 1 << 2;
    internal const int PTRACE_O_TRACECLONE = 1 << 3;
    internal const int PTRACE_O_EXITKILL = 1 << 20;
    internal const int PTRACE_O_SUSPEND_SECCOMP = 1 << 21;
    internal const int PTRACE_EVENT_CLONE = 3;
    internal const int PTRACE_EVENT_STOP = 128;
    internal const int PTRACE_PEEKSIGINFO_SHARED = 1;
    internal const int PTRACE_SYSCALL_INFO_EXIT = 2;
    internal const int NT_PRSTATUS = 1;
    internal const int NT_X86_XSTATE = 0x202;
}

/// <summary>Signal numbers used by name, signal(7).</summary>
internal static class Signal
{
    internal const int SIGTRAP = 5;
    internal const int SIGKILL = 9;
    internal const int SIGTERM = 15;
    internal const int SIGCHLD = 17;
    internal const int SIGCONT = 18;
    internal const int SIGSTOP = 19;
    internal const int SIGTTOU = 22;
    internal const int SIGURG = 23;
    internal const int SIGWINCH = 28;
    internal const int SI_TIMER = -2;
    internal const int SIGEV_NONE = 1;
    internal const int SIGEV_THREAD = 2;
    internal const int SIGEV_THREAD_ID = 4;
    internal const int Max = 64;
    internal const int SiginfoBytes = 128;
}

/// <summary>seccomp(2).</summary>
internal static class Seccomp
{
    internal const int SECCOMP_MODE_STRICT = 1;
    internal const int SECCOMP_SET_MODE_FILTER = 1;
    internal const int SECCOMP_FILTER_FLAG_TSYNC = 1;
    internal const int SECCOMP_RET_USER_NOTIF = 0x7fc00000;
    internal const int BPF_RET = 0x06;
    internal const int BPF_MAXINSNS = 4096;
}

/// <summary>membarrier(2).</summary>
internal static class Membarrier
{
    internal const int MEMBARRIER_CMD_GLOBAL = 1;
    internal const int MEMBARRIER_CMD_GET_REGISTRATIONS = 1 << 9;
}

/// <summary>Clocks of clock_gettime(2), and how negative clock IDs are put together (linux/posix-timers.h of the kernel's own headers).</summary>
internal static class Clock
{
    internal const int CLOCK_REALTIME = 0;
    internal const int CLOCK_MONOTONIC = 1;
    internal const int CLOCK_BOOTTIME = 7;
    internal const int CLOCK_REALTIME_ALARM = 8;
    internal const int CLOCK_BOOTTIME_ALARM = 9;
    internal const int CLOCK_TAI = 11;
    internal const int TIMER_ABSTIME = 1;
}

/// <summary>wait(2) options.</summary>
internal static class WaitOption
{
    internal const int WNOHANG = 1;
    internal const int WSTOPPED = 2;
    internal const int WEXITED = 4;
    internal const int WNOWAIT = 0x01000000;
    internal const int __WNOTHREAD = 0x20000000;
    internal const int __WALL = 0x40000000;
    internal const uint __WCLONE = 0x80000000;
    internal const int P_PID = 1;
    internal const int P_PIDFD = 3;
    internal const int CLD_EXITED = 1;
    internal const int CLD_KILLED = 2;
    internal const int CLD_DUMPED = 3;
}

/// <summary>posix_spawnattr_setflags(3).</summary>
internal static class SpawnFlag
{
    internal const short POSIX_SPAWN_SETSIGDEF = 4;
    internal const short POSIX_SPAWN_SETSIGMASK = 8;
    internal const short POSIX_SPAWN_SETSID = 0x80;
}

/// <summary>open(2) flags of x86-64, and fcntl(2), lseek(2), pipe and memfd commands.</summary>
internal static class FileFlag
{
    internal const int O_RDONLY = 0;
    internal const int O_WRONLY = 1;
    internal const int O_RDWR = 2;
    internal const int O_ACCMODE = 3;
    internal const int O_CREAT = 0x40;
    internal const int O_EXCL = 0x80;
    internal const int O_NOCTTY = 0x100;
    internal const int O_TRUNC = 0x200;
    internal const int O_NONBLOCK = 0x800;
    internal const int O_ASYNC = 0x2000;
    internal const int O_APPEND = 0x400;
    internal const int O_DIRECT = 0x4000;
    internal const int O_LARGEFILE = 0x8000;
    internal const int O_CLOEXEC = 0x80000;
    internal const int O_PATH = 0x200000;
    internal const int O_NOFOLLOW = 0x20000;
    internal const int O_DIRECTORY = 0x10000;
    internal const int O_NOATIME = 0x40000;
    internal const int O_TMPFILE = 0x410000;
    internal const int PIDFD_THREAD = O_EXCL;

    /// <summary>_IOWR(0xff, 11, struct pidfd_info), Linux 6.13.</summary>
    internal const int PIDFD_GET_INFO = unchecked((int)0xc040ff0b);
    internal const int F_GETFD = 1;
    internal const int F_SETFD = 2;
    internal const int F_DUPFD = 0;
    internal const int FD_CLOEXEC = 1;
    internal const int F_DUPFD_CLOEXEC = 1030;
    internal const int F_SETFL = 4;
    internal const int F_SETLK = 6;
    internal const int F_SETSIG = 10;
    internal const int F_GETSIG = 11;
    internal const int F_SETOWN_EX = 15;
    internal const int F_GETOWN_EX = 16;
    internal const int F_OFD_SETLK = 37;
    internal const int F_OWNER_TID = 0;
    internal const int F_OWNER_PID = 1;
    internal const int F_OWNER_PGRP = 2;
    internal const int F_RDLCK = 0;
    internal const int F_WRLCK = 1;
    internal const int F_SETLEASE = 1024;
    internal const int F_ADD_SEALS = 1033;
    internal const int F_GET_SEALS = 1034;
    internal const int F_SEAL_SEAL = 1;
    internal const int F_SETPIPE_SZ = 1031;
    internal const int F_GETPIPE_SZ = 1032;
    internal const int SEEK_SET = 0;
    internal const int SEEK_DATA = 3;
    internal const int SEEK_HOLE = 4;
    internal const int FIONREAD = 0x541b;
    internal const int SPLICE_F_NONBLOCK = 2;
    internal const int MFD_CLOEXEC = 1;
    internal const int MFD_ALLOW_SEALING = 2;
    internal const int MFD_HUGETLB = 4;
    internal const int MFD_EXEC = 0x10;
    internal const int FALLOC_FL_KEEP_SIZE = 1;
    internal const int FALLOC_FL_PUNCH_HOLE = 2;
    internal const int AT_FDCWD = -100;
    internal const int AT_SYMLINK_NOFOLLOW = 0x100;
    internal const int AT_SYMLINK_FOLLOW = 0x400;
    internal const int STATX_BASIC_STATS = 0x7ff;
    internal const int STATX_BTIME = 0x800;
    internal const int RENAME_NOREPLACE = 1;
    internal const int RESOLVE_NO_SYMLINKS = 4;
    internal const int S_IFMT = 0xf000;
    internal const int S_IFIFO = 0x1000;
    internal const int S_IFCHR = 0x2000;
    internal const int S_IFDIR = 0x4000;
    internal const int S_IFBLK = 0x6000;
    internal const int S_IFREG = 0x8000;
    internal const int S_IFLNK = 0xa000;
    internal const int S_IFSOCK = 0xc000;
    internal const long PROC_SUPER_MAGIC = 0x9fa0;
    internal const long HUGETLBFS_MAGIC = 0x958458f6;
}

/// <summary>ioctl_ficlone(2).</summary>
internal static class CloneRequest
{
    /// <summary>_IOW(0x94, 9, int).</summary>
    internal const int FICLONE = 0x40049409;
}

/// <summary>File systems by their numbers, statfs(2).</summary>
internal static class FileSystem
{
    internal const long NFS_SUPER_MAGIC = 0x6969;
    internal const long SMB_SUPER_MAGIC = 0x517b;
    internal const long CIFS_SUPER_MAGIC = 0xff534d42;
    internal const long SMB2_SUPER_MAGIC = 0xfe534d42;
    internal const long FUSE_SUPER_MAGIC = 0x65735546;
    internal const long CEPH_SUPER_MAGIC = 0x00c36400;
    internal const long OCFS2_SUPER_MAGIC = 0x7461636f;
    internal const long AFS_SUPER_MAGIC = 0x5346414f;
    internal const long V9FS_MAGIC = 0x01021997;
    internal const long MSDOS_SUPER_MAGIC = 0x4d44;
    internal const long MQUEUE_MAGIC = 0x19800202;
    internal const long SECRETMEM_MAGIC = 0x5345434d;
}

/// <summary>mmap(2), mremap(2), madvise(2) and PAGEMAP_SCAN constants.</summary>
internal static class Memory
{
    internal const int PROT_READ = 1;
    internal const int PROT_WRITE = 2;
    internal const int PROT_EXEC = 4;
    internal const int MAP_SHARED = 0x01;
    internal const int MAP_PRIVATE = 0x02;
    internal const int MAP_DROPPABLE = 0x08;
    internal const int MAP_ANONYMOUS = 0x20;
    internal const int MAP_GROWSDOWN = 0x0100;
    internal const int MAP_NORESERVE = 0x4000;
    internal const int MAP_HUGETLB = 0x40000;
    internal const int MAP_HUGE_SHIFT = 26;
    internal const int MAP_FIXED_NOREPLACE = 0x100000;
    internal const int MREMAP_MAYMOVE = 1;
    internal const int MREMAP_FIXED = 2;
    internal const int MADV_RANDOM = 1;
    internal const int MADV_SEQUENTIAL = 2;
    internal const int MADV_DONTFORK = 10;
    internal const int MADV_MERGEABLE = 12;
    internal const int MADV_HUGEPAGE = 14;
    internal const int MADV_NOHUGEPAGE = 15;
    internal const int MADV_DONTDUMP = 16;
    internal const int MADV_WIPEONFORK = 18;
    internal const int MADV_DONTNEED = 4;
    internal const int MADV_GUARD_INSTALL = 102;
    internal const int MLOCK_ONFAULT = 1;
    internal const int MADV_POPULATE_WRITE = 23;
    internal const int MADV_COLLAPSE = 25;
    internal const int PAGE_IS_WRITTEN = 1 << 1;
    internal const int PAGE_IS_FILE = 1 << 2;
    internal const int PAGE_IS_PRESENT = 1 << 3;
    internal const int PAGE_IS_SWAPPED = 1 << 4;
    internal const int PAGE_IS_PFNZERO = 1 << 5;
    internal const int PAGE_IS_HUGE = 1 << 6;
    internal const int PAGE_IS_SOFT_DIRTY = 1 << 7;
    internal const int PAGE_IS_GUARD = 1 << 8;
    internal const int PM_SCAN_WP_MATCHING = 1 << 0;
    internal const int PM_SCAN_CHECK_WPASYNC = 1 << 1;

    /// <summary>_IOWR('f', 16, struct pm_scan_arg).</summary>
    internal const int PAGEMAP_SCAN = unchecked((int)0xc0606610);
}

/// <summary>eventfd(2), epoll_ctl(2), inotify(7), flock(2).</summary>
internal static class SpecialFile
{
    internal const int EFD_SEMAPHORE = 1;
    internal const int EPOLL_CTL_ADD = 1;
    internal const int LOCK_SH = 1;
    internal const int LOCK_EX = 2;
    internal const int LOCK_NB = 4;
    internal const int IN_ACCESS = 1;
    internal const int IN_MODIFY = 2;
    internal const int IN_CLOSE_WRITE = 8;
    internal const int IN_CLOSE_NOWRITE = 0x10;
    internal const int IN_OPEN = 0x20;
    internal const uint IN_ONESHOT = 0x80000000;

    /// <summary>_IOW('I', 0, __s32).</summary>
    internal const int INOTIFY_IOC_SETNEXTWD = 0x40044900;
}

/// <summary>fanotify(7).</summary>
internal static class FanotifyFlag
{
    internal const int FAN_CLASS_CONTENT = 4;
    internal const int FAN_CLASS_PRE_CONTENT = 8;
    internal const int FAN_MARK_ADD = 1;
    internal const int FAN_MARK_DONT_FOLLOW = 4;
    internal const int FAN_MARK_MOUNT = 0x10;
    internal const int FAN_MARK_IGNORED_MASK = 0x20;
    internal const int FAN_MARK_IGNORED_SURV_MODIFY = 0x40;
    internal const int FAN_MARK_FILESYSTEM = 0x100;
    internal const int FAN_MARK_EVICTABLE = 0x200;
    internal const int FAN_MARK_IGNORE = 0x400;
}

/// <summary>timerfd_create(2).</summary>
internal static class TimerFile
{
    internal const int TFD_TIMER_ABSTIME = 1;

    /// <summary>_IOW('T', 0, __u64).</summary>
    internal const int TFD_IOC_SET_TICKS = 0x40085400;
}

/// <summary>setpriority(2).</summary>
internal static class ProcessPriority
{
    internal const int PRIO_PROCESS = 0;
}

/// <summary>userfaultfd(2) and ioctl_userfaultfd(2).</summary>
internal static class Userfaultfd
{
    internal const int UFFD_API = 0xaa;
    internal const int UFFD_USER_MODE_ONLY = 1;
    internal const int UFFD_FEATURE_WP_UNPOPULATED = 1 << 13;
    internal const int UFFD_FEATURE_WP_ASYNC = 1 << 15;
    internal const int UFFDIO_REGISTER_MODE_WP = 1 << 1;

    /// <summary>_IOWR(UFFDIO, 0x3f, struct uffdio_api).</summary>
    internal const int UFFDIO_API = unchecked((int)0xc018aa3f);

    /// <summary>_IOWR(UFFDIO, 0x00, struct uffdio_register).</summary>
    internal const int UFFDIO_REGISTER = unchecked((int)0xc020aa00);

    /// <summary>_IOR(UFFDIO, 0x01, struct uffdio_range).</summary>
    internal const int UFFDIO_UNREGISTER = unchecked((int)0x8010aa01);
}

/// <summary>Flags of mount(2).</summary>
internal static class MountFlag
{
    internal const int MS_NOSUID = 2;
    internal const int MS_NODEV = 4;
    internal const int MS_NOEXEC = 8;
    internal const int MS_REC = 0x4000;
    internal const int MS_SLAVE = 1 << 19;
}

/// <summary>clone(2) flags, prctl(2) options, kcmp(2) types, seccomp modes, itimers, rseq flags.</summary>
internal static class Task
{
    internal const int CLONE_VM = 0x100;
    internal const int CLONE_FS = 0x200;
    internal const int CLONE_FILES = 0x400;
    internal const int CLONE_SIGHAND = 0x800;
    internal const int CLONE_PARENT = 0x8000;
    internal const int CLONE_THREAD = 0x10000;
    internal const int CLONE_NEWNS = 0x20000;
    internal const int CLONE_NEWPID = 0x20000000;
    internal const int CLONE_NEWTIME = 0x80;
    internal const int CLONE_NEWIPC = 0x8000000;
    internal const int CLONE_NEWNET = 0x40000000;
    internal const int CLONE_SYSVSEM = 0x40000;
    internal const int PR_SET_PDEATHSIG = 1;
    internal const int PR_GET_PDEATHSIG = 2;
    internal const int PR_GET_DUMPABLE = 3;
    internal const int PR_SET_DUMPABLE = 4;
    internal const int PR_SET_KEEPCAPS = 8;
    internal const int PR_SET_NAME = 15;
    internal const int PR_CAPBSET_DROP = 24;
    internal const int PR_GET_SECUREBITS = 27;
    internal const int PR_SET_SECCOMP = 22;
    internal const int PR_SET_SECUREBITS = 28;
    internal const int PR_SET_TIMERSLACK = 29;
    internal const int PR_GET_TIMERSLACK = 30;
    internal const int PR_SET_MM = 35;
    internal const int PR_SET_MM_MAP = 14;
    internal const int PR_SET_CHILD_SUBREAPER = 36;
    internal const int PR_GET_CHILD_SUBREAPER = 37;
    internal const int PR_SET_NO_NEW_PRIVS = 38;
    internal const int PR_GET_TID_ADDRESS = 40;
    internal const int PR_SET_THP_DISABLE = 41;
    internal const int PR_GET_THP_DISABLE = 42;
    internal const int PR_CAP_AMBIENT = 47;
    internal const int PR_CAP_AMBIENT_RAISE = 2;
    internal const int PR_SET_MEMORY_MERGE = 67;
    internal const int PR_GET_MEMORY_MERGE = 68;
    internal const int PR_TIMER_CREATE_RESTORE_IDS = 77;
    internal const int PR_SET_VMA = 0x53564d41;
    internal const int PR_SET_VMA_ANON_NAME = 0;
    internal const int KCMP_FILE = 0;
    internal const int KCMP_VM = 1;
    internal const int KCMP_FILES = 2;
    internal const int KCMP_FS = 3;
    internal const int KCMP_SIGHAND = 4;
    internal const int KCMP_SYSVSEM = 6;
    internal const int KCMP_EPOLL_TFD = 7;
    internal const int LINUX_CAPABILITY_VERSION_3 = 0x20080522;
    internal const int SS_ONSTACK = 1;
}
