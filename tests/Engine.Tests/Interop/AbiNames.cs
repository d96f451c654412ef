namespace Checkpointer.Engine.Tests.Interop;

/// <summary>What our structures and constants are called in the kernel's headers, where the names differ.</summary>
internal static class AbiNames
{
    /// <summary>Headers of the kernel (linux-libc-dev); those of libc clash with them.</summary>
    public static readonly string[] KernelHeaders =
    [
        "linux/ptrace.h", "linux/elf.h", "linux/wait.h", "linux/fcntl.h", "linux/stat.h", "linux/fs.h", "linux/memfd.h", "linux/magic.h",
        "linux/mman.h", "linux/userfaultfd.h", "linux/sched.h", "linux/sched/types.h", "linux/prctl.h", "linux/kcmp.h", "linux/rseq.h", "linux/capability.h",
        "linux/seccomp.h", "linux/filter.h", "linux/membarrier.h", "linux/signal.h", "linux/resource.h", "linux/uio.h", "linux/time.h", "linux/errno.h", "asm/unistd_64.h", "asm/ioctls.h",
        "asm/statfs.h", "asm/siginfo.h", "sys/user.h", "linux/eventpoll.h", "linux/inotify.h", "linux/timerfd.h",
        "linux/netlink.h", "linux/sock_diag.h", "linux/unix_diag.h", "linux/inet_diag.h", "linux/filter.h", "asm/socket.h", "linux/in.h", "linux/in6.h", "linux/tcp.h", "linux/udp.h",
        "linux/openat2.h", "linux/icmpv6.h", "linux/netfilter.h", "linux/netfilter/nfnetlink.h", "linux/netfilter/nf_tables.h", "linux/sockios.h", "linux/un.h", "asm/termios.h", "asm/termbits.h",
        "linux/mount.h", "linux/falloc.h", "linux/fanotify.h", "linux/aio_abi.h", "linux/ipc.h", "linux/shm.h", "linux/sem.h", "linux/msg.h",
    ];

    /// <summary>C types by the names of ours; all others are <c>struct NAME</c>.</summary>
    public static readonly Dictionary<string, string> Types = new()
    {
        ["statx_t"] = "struct statx",
        ["statfs64_t"] = "struct statfs64",
        ["kernel_sigaction"] = "struct sigaction",
        ["stack_t"] = "stack_t",
        ["siginfo_child"] = "siginfo_t",
        ["user_cap_data"] = "struct user_cap_pair",
        ["sockaddr_storage"] = "struct __kernel_sockaddr_storage",
    };

    /// <summary>Structures that only libc's headers have.</summary>
    public static readonly string[] LibcTypes = ["msghdr", "cmsghdr", "ucred", "pollfd"];

    /// <summary>Headers for those, and for <see cref="LibcConstants"/>.</summary>
    public static readonly string[] LibcHeaders = ["fcntl.h", "signal.h", "sys/socket.h", "netinet/tcp.h", "netinet/udp.h", "netinet/icmp6.h", "poll.h", "linux/icmp.h", "sys/shm.h", "spawn.h"];

    /// <summary>Sizes of structures of which we use an older, shorter form.</summary>
    public static readonly Dictionary<string, string> Sizes = new()
    {
        ["clone_args"] = "CLONE_ARGS_SIZE_VER1",
        ["sched_attr"] = "SCHED_ATTR_SIZE_VER0",
        ["group_filter"] = "GROUP_FILTER_SIZE(0)",
    };

    /// <summary>C members by ours; null for padding that has no name in C.</summary>
    public static readonly Dictionary<string, string?> Members = new()
    {
        ["statx_timestamp.reserved"] = "__reserved",
        ["statx_t.spare0"] = "__spare0",
        ["stack_t.pad"] = null,
        ["sockaddr_storage.words"] = null,
        ["kernel_sigaction.handler"] = "sa_handler",
        ["kernel_sigaction.flags"] = "sa_flags",
        ["kernel_sigaction.restorer"] = "sa_restorer",
        ["kernel_sigaction.mask"] = "sa_mask",
        ["itimerval.it_interval_sec"] = "it_interval.tv_sec",
        ["itimerval.it_interval_usec"] = "it_interval.tv_usec",
        ["itimerval.it_value_sec"] = "it_value.tv_sec",
        ["itimerval.it_value_usec"] = "it_value.tv_usec",
        ["sigevent.sigev_notify_thread_id"] = "_sigev_un._tid",
        ["user_cap_data.effective0"] = "data[0].effective",
        ["user_cap_data.permitted0"] = "data[0].permitted",
        ["user_cap_data.inheritable0"] = "data[0].inheritable",
        ["user_cap_data.effective1"] = "data[1].effective",
        ["user_cap_data.permitted1"] = "data[1].permitted",
        ["user_cap_data.inheritable1"] = "data[1].inheritable",
    };

    /// <summary>C expressions by the names of our constants.</summary>
    public static readonly Dictionary<string, string> Constants = new()
    {
        ["SiginfoBytes"] = "sizeof(siginfo_t)",
        ["LINUX_CAPABILITY_VERSION_3"] = "_LINUX_CAPABILITY_VERSION_3",
        // Linux 6.3; an enumerator, whose presence no macro tells.
        ["MEMBARRIER_CMD_GET_REGISTRATIONS"] = "(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ << 1)",
        // The request holds the size of its argument, so this checks pm_scan_arg too.
        ["UFFDIO_API"] = "(int)UFFDIO_API",
        ["UFFDIO_REGISTER"] = "(int)UFFDIO_REGISTER",
        ["UFFDIO_UNREGISTER"] = "(int)UFFDIO_UNREGISTER",
        ["PIDFD_GET_INFO"] = "(int)_IOWR(0xff, 11, char[64])",
        ["PAGEMAP_SCAN"] = "(int)_IOWR('f', 16, char[96])",
    };

    /// <summary>Constants that only libc's headers have.</summary>
    public static readonly Dictionary<string, string> LibcConstants = new()
    {
        ["SPLICE_F_NONBLOCK"] = "SPLICE_F_NONBLOCK",
        ["O_ASYNC"] = "O_ASYNC",
        ["POSIX_SPAWN_SETSIGDEF"] = "POSIX_SPAWN_SETSIGDEF",
        ["POSIX_SPAWN_SETSIGMASK"] = "POSIX_SPAWN_SETSIGMASK",
        ["POSIX_SPAWN_SETSID"] = "POSIX_SPAWN_SETSID",
        ["AF_UNIX"] = "AF_UNIX",
        ["AF_INET"] = "AF_INET",
        ["AF_INET6"] = "AF_INET6",
        ["AF_NETLINK"] = "AF_NETLINK",
        ["SOCK_STREAM"] = "SOCK_STREAM",
        ["SOCK_DGRAM"] = "SOCK_DGRAM",
        ["SOCK_RAW"] = "SOCK_RAW",
        ["SOCK_SEQPACKET"] = "SOCK_SEQPACKET",
        ["SOCK_NONBLOCK"] = "SOCK_NONBLOCK",
        ["SOCK_CLOEXEC"] = "SOCK_CLOEXEC",
        ["MSG_PEEK"] = "MSG_PEEK",
        ["MSG_CTRUNC"] = "MSG_CTRUNC",
        ["MSG_TRUNC"] = "MSG_TRUNC",
        ["MSG_DONTWAIT"] = "MSG_DONTWAIT",
        ["MSG_CMSG_CLOEXEC"] = "MSG_CMSG_CLOEXEC",
        ["MSG_NOSIGNAL"] = "MSG_NOSIGNAL",
        ["SCM_RIGHTS"] = "SCM_RIGHTS",
        ["SCM_CREDENTIALS"] = "SCM_CREDENTIALS",
        ["ICMP_FILTER"] = "ICMP_FILTER",
        ["POLLIN"] = "POLLIN",
        ["POLLERR"] = "POLLERR",
        ["POLLPRI"] = "POLLPRI",
        ["POLLOUT"] = "POLLOUT",
        ["POLLHUP"] = "POLLHUP",
        ["POLLRDHUP"] = "POLLRDHUP",
        ["TCP_ESTABLISHED"] = "TCP_ESTABLISHED",
        ["TCP_SYN_SENT"] = "TCP_SYN_SENT",
        ["TCP_SYN_RECV"] = "TCP_SYN_RECV",
        ["TCP_FIN_WAIT1"] = "TCP_FIN_WAIT1",
        ["TCP_FIN_WAIT2"] = "TCP_FIN_WAIT2",
        ["TCP_TIME_WAIT"] = "TCP_TIME_WAIT",
        ["TCP_CLOSE"] = "TCP_CLOSE",
        ["TCP_CLOSE_WAIT"] = "TCP_CLOSE_WAIT",
        ["TCP_LAST_ACK"] = "TCP_LAST_ACK",
        ["TCP_LISTEN"] = "TCP_LISTEN",
        ["TCP_CLOSING"] = "TCP_CLOSING",
        ["TCPOPT_MAXSEG"] = "TCPOPT_MAXSEG",
        ["TCPOPT_WINDOW"] = "TCPOPT_WINDOW",
        ["TCPOPT_SACK_PERMITTED"] = "TCPOPT_SACK_PERMITTED",
        ["TCPOPT_TIMESTAMP"] = "TCPOPT_TIMESTAMP",
        ["SOL_TCP"] = "SOL_TCP",
        ["SOL_UDP"] = "SOL_UDP",
        ["SOL_IPV6"] = "SOL_IPV6",
        ["SOL_ICMPV6"] = "SOL_ICMPV6",
        ["SOL_RAW"] = "SOL_RAW",
        ["SOL_NETLINK"] = "SOL_NETLINK",
        ["SOL_IP"] = "SOL_IP",
        ["RCV_SHUTDOWN"] = "SHUT_RD + 1",
        ["SEND_SHUTDOWN"] = "SHUT_WR + 1",
        ["SHM_RDONLY"] = "SHM_RDONLY",
        ["SHM_DEST"] = "SHM_DEST",
        ["SHM_LOCKED"] = "SHM_LOCKED",
        ["Max"] = "_NSIG - 1",
    };

    /// <summary>
    /// Names that are younger than the headers of Debian 12 (Linux 6.1), with the macro that tells whether they are there. Newer headers check
    /// them; on older ones they are checked by use: PageMapTests, and the end-to-end tests of the kinds of memory.
    /// </summary>
    public static readonly Dictionary<string, string> Younger = new()
    {
        ["FAN_MARK_EVICTABLE"] = "FAN_MARK_EVICTABLE", // Linux 5.19
        ["FAN_MARK_IGNORE"] = "FAN_MARK_IGNORE", // Linux 6.0
        ["MFD_EXEC"] = "MFD_EXEC", // Linux 6.3
        ["PIDFD_THREAD"] = "PIDFD_THREAD", // Linux 6.9
        ["EFD_SEMAPHORE"] = "EFD_SEMAPHORE", // in a header of the kernel since Linux 6.6
        ["UDPLITE_SEND_CSCOV"] = "UDPLITE_SEND_CSCOV", // in no header of Debian
        ["UDPLITE_RECV_CSCOV"] = "UDPLITE_RECV_CSCOV",
        ["MQUEUE_MAGIC"] = "MQUEUE_MAGIC", // in no header: ipc/mqueue.c
        ["SO_PASSPIDFD"] = "SO_PASSPIDFD", // Linux 6.5
        ["IP_LOCAL_PORT_RANGE"] = "IP_LOCAL_PORT_RANGE", // Linux 6.3
        ["MAP_DROPPABLE"] = "MAP_DROPPABLE", // Linux 6.11
        ["MADV_GUARD_INSTALL"] = "MADV_GUARD_INSTALL", // Linux 6.13
        ["PR_GET_MEMORY_MERGE"] = "PR_GET_MEMORY_MERGE", // Linux 6.4
        ["PR_SET_MEMORY_MERGE"] = "PR_SET_MEMORY_MERGE",
        ["PR_TIMER_CREATE_RESTORE_IDS"] = "PR_TIMER_CREATE_RESTORE_IDS", // Linux 6.15
        ["PAGE_IS_FILE"] = "PAGE_IS_FILE", // Linux 6.7, and those below
        ["PAGE_IS_PRESENT"] = "PAGE_IS_PRESENT",
        ["PAGE_IS_SWAPPED"] = "PAGE_IS_SWAPPED",
        ["PAGE_IS_PFNZERO"] = "PAGE_IS_PFNZERO",
        ["PAGE_IS_HUGE"] = "PAGE_IS_HUGE",
        ["PAGE_IS_GUARD"] = "PAGE_IS_GUARD", // Linux 6.15
        ["PAGE_IS_WRITTEN"] = "PAGE_IS_WRITTEN",
        ["PAGE_IS_SOFT_DIRTY"] = "PAGE_IS_SOFT_DIRTY",
        ["PM_SCAN_WP_MATCHING"] = "PM_SCAN_WP_MATCHING",
        ["PM_SCAN_CHECK_WPASYNC"] = "PM_SCAN_CHECK_WPASYNC",
        ["UFFD_FEATURE_WP_UNPOPULATED"] = "UFFD_FEATURE_WP_UNPOPULATED", // Linux 6.4
        ["UFFD_FEATURE_WP_ASYNC"] = "UFFD_FEATURE_WP_ASYNC", // Linux 6.7
        ["page_region"] = "PAGEMAP_SCAN",
        ["pm_scan_arg"] = "PAGEMAP_SCAN",
    };
}
