using System.Runtime.InteropServices;

namespace Checkpointer.Engine.Interop;

/// <summary>struct rlimit64, prlimit(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct rlimit64
{
    internal ulong rlim_cur;
    internal ulong rlim_max;
}

/// <summary>struct iovec, readv(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct iovec
{
    internal nint iov_base;
    internal nuint iov_len;
}

/// <summary>struct statx_timestamp, statx(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct statx_timestamp
{
    internal long tv_sec;
    internal uint tv_nsec;
    internal int reserved;
}

/// <summary>struct statx, statx(2); 256 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Size = 256)]
internal struct statx_t
{
    internal uint stx_mask;
    internal uint stx_blksize;
    internal ulong stx_attributes;
    internal uint stx_nlink;
    internal uint stx_uid;
    internal uint stx_gid;
    internal ushort stx_mode;
    internal ushort spare0;
    internal ulong stx_ino;
    internal ulong stx_size;
    internal ulong stx_blocks;
    internal ulong stx_attributes_mask;
    internal statx_timestamp stx_atime;
    internal statx_timestamp stx_btime;
    internal statx_timestamp stx_ctime;
    internal statx_timestamp stx_mtime;
    internal uint stx_rdev_major;
    internal uint stx_rdev_minor;
    internal uint stx_dev_major;
    internal uint stx_dev_minor;
    internal ulong stx_mnt_id;
}

/// <summary>struct statfs64, statfs(2); only the first fields are read.</summary>
[StructLayout(LayoutKind.Sequential, Size = 120)]
internal struct statfs64_t
{
    internal long f_type;
    internal long f_bsize;
    internal ulong f_blocks;
    internal ulong f_bfree;
    internal ulong f_bavail;
}

/// <summary>struct open_how, openat2(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct open_how
{
    internal ulong flags;
    internal ulong mode;
    internal ulong resolve;
}

/// <summary>struct inotify_event without the name, inotify(7).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct inotify_event
{
    internal int wd;
    internal uint mask;
    internal uint cookie;
    internal uint len;
}

/// <summary>siginfo_t as waitid(2) fills it; 128 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct siginfo_child
{
    [FieldOffset(8)]
    internal int si_code;

    [FieldOffset(16)]
    internal int si_pid;

    [FieldOffset(24)]
    internal int si_status;
}

/// <summary>struct __ptrace_peeksiginfo_args, ptrace(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ptrace_peeksiginfo_args
{
    internal ulong off;
    internal uint flags;
    internal int nr;
}

/// <summary>struct __ptrace_rseq_configuration, ptrace(2), Linux 5.13.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ptrace_rseq_configuration
{
    internal ulong rseq_abi_pointer;
    internal uint rseq_abi_size;
    internal uint signature;
    internal uint flags;
    internal uint pad;
}

/// <summary>struct ptrace_syscall_info, ptrace(2): the head that is common to all stops.</summary>
[StructLayout(LayoutKind.Sequential, Size = 88)]
internal struct ptrace_syscall_info
{
    internal byte op;
}

/// <summary>struct page_region, PAGEMAP_SCAN, Linux 6.7.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct page_region
{
    internal ulong start;
    internal ulong end;
    internal ulong categories;
}

/// <summary>struct pm_scan_arg, PAGEMAP_SCAN, Linux 6.7.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct pm_scan_arg
{
    internal ulong size;
    internal ulong flags;
    internal ulong start;
    internal ulong end;
    internal ulong walk_end;
    internal ulong vec;
    internal ulong vec_len;
    internal ulong max_pages;
    internal ulong category_inverted;
    internal ulong category_mask;
    internal ulong category_anyof_mask;
    internal ulong return_mask;
}

/// <summary>struct uffdio_api, ioctl_userfaultfd(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct uffdio_api
{
    internal ulong api;
    internal ulong features;
    internal ulong ioctls;
}

/// <summary>struct uffdio_range, ioctl_userfaultfd(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct uffdio_range
{
    internal ulong start;
    internal ulong len;
}

/// <summary>struct uffdio_register, ioctl_userfaultfd(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct uffdio_register
{
    internal uffdio_range range;
    internal ulong mode;
    internal ulong ioctls;
}

/// <summary>struct prctl_mm_map, PR_SET_MM_MAP of prctl(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct prctl_mm_map
{
    internal ulong start_code;
    internal ulong end_code;
    internal ulong start_data;
    internal ulong end_data;
    internal ulong start_brk;
    internal ulong brk;
    internal ulong start_stack;
    internal ulong arg_start;
    internal ulong arg_end;
    internal ulong env_start;
    internal ulong env_end;
    internal ulong auxv;
    internal uint auxv_size;
    internal int exe_fd;
}

/// <summary>struct clone_args, clone3(2), Linux 5.5 form with set_tid.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct clone_args
{
    internal ulong flags;
    internal ulong pidfd;
    internal ulong child_tid;
    internal ulong parent_tid;
    internal ulong exit_signal;
    internal ulong stack;
    internal ulong stack_size;
    internal ulong tls;
    internal ulong set_tid;
    internal ulong set_tid_size;
}

/// <summary>The kernel's struct sigaction of rt_sigaction(2); the order of members differs from libc's.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct kernel_sigaction
{
    internal ulong handler;
    internal ulong flags;
    internal ulong restorer;
    internal ulong mask;
}

/// <summary>stack_t, sigaltstack(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct stack_t
{
    internal ulong ss_sp;
    internal int ss_flags;
    internal int pad;
    internal ulong ss_size;
}

/// <summary>struct itimerval, setitimer(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct itimerval
{
    internal long it_interval_sec;
    internal long it_interval_usec;
    internal long it_value_sec;
    internal long it_value_usec;
}

/// <summary>struct sock_filter: one instruction of a classic BPF program.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct sock_filter
{
    internal ushort code;
    internal byte jt;
    internal byte jf;
    internal uint k;
}

/// <summary>struct sock_fprog, seccomp(2) and socket(7).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct sock_fprog
{
    internal ushort len;
    internal ulong filter;
}

/// <summary>struct seccomp_metadata, ptrace(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct seccomp_metadata
{
    internal ulong filter_off;
    internal ulong flags;
}

/// <summary>struct timespec, clock_gettime(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct timespec
{
    internal long tv_sec;
    internal long tv_nsec;
}

/// <summary>struct itimerspec.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct itimerspec
{
    internal timespec it_interval;
    internal timespec it_value;
}

/// <summary>struct flock, fcntl(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct flock
{
    internal short l_type;
    internal short l_whence;
    internal long l_start;
    internal long l_len;
    internal int l_pid;
}

/// <summary>struct f_owner_ex, fcntl(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct f_owner_ex
{
    internal int type;
    internal int pid;
}

/// <summary>struct epoll_event, packed on x86-64.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct epoll_event
{
    internal uint events;
    internal ulong data;
}

/// <summary>struct kcmp_epoll_slot, linux/kcmp.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct kcmp_epoll_slot
{
    internal uint efd;
    internal uint tfd;
    internal uint toff;
}

/// <summary>struct sigevent, sigevent(3): the part that the kernel looks at.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct sigevent
{
    internal ulong sigev_value;
    internal int sigev_signo;
    internal int sigev_notify;
    internal int sigev_notify_thread_id;
}

/// <summary>struct sched_attr, sched_setattr(2), first published form.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct sched_attr
{
    internal uint size;
    internal uint sched_policy;
    internal ulong sched_flags;
    internal int sched_nice;
    internal uint sched_priority;
    internal ulong sched_runtime;
    internal ulong sched_deadline;
    internal ulong sched_period;
}

/// <summary>struct __user_cap_data_struct pair of version 3, capset(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct user_cap_data
{
    internal uint effective0;
    internal uint permitted0;
    internal uint inheritable0;
    internal uint effective1;
    internal uint permitted1;
    internal uint inheritable1;
}

/// <summary>struct rseq_cs, linux/rseq.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct rseq_cs
{
    internal uint version;
    internal uint flags;
    internal ulong start_ip;
    internal ulong post_commit_offset;
    internal ulong abort_ip;
}
