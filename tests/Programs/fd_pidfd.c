/*
 * pidfds: of the program itself, of a child, of one that ended and was not waited for, and of such that are gone; two of one process have one inode, where the
 * kernel gives each process its own (pidfs, Linux 6.9).
 * @tree
 */
#include "program.h"
#include <poll.h>

static int pidfd_open_(pid_t pid) { return must((int)syscall(SYS_pidfd_open, pid, 0)); }

static pid_t sleeper(void)
{
    pid_t child = must(fork());
    if (child == 0)
        for (;;)
            pause();
    return child;
}

static int is_ended(int pidfd)
{
    struct pollfd poll_one = {.fd = pidfd, .events = POLLIN};
    return must(poll(&poll_one, 1, 0)) == 1;
}

static ino_t inode(int fd)
{
    struct stat stat;
    must(fstat(fd, &stat));
    return stat.st_ino;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    int status;
    pid_t child = sleeper(), ended = must(fork());
    if (ended == 0)
        _exit(3);
    pid_t gone = sleeper();
    int on_self = pidfd_open_(getpid()), on_child = pidfd_open_(child), on_ended = pidfd_open_(ended), on_gone = pidfd_open_(gone), on_gone_too = pidfd_open_(gone);
    pid_t other = sleeper();
    int on_other = pidfd_open_(other), have_own = inode(on_gone) != inode(on_other);
    must(kill(other, SIGKILL));
    must(waitpid(other, &status, 0));
    must(kill(gone, SIGKILL));
    must(waitpid(gone, &status, 0));
    siginfo_t info;
    must(waitid(P_PID, (id_t)ended, &info, WEXITED | WNOWAIT));
    ready_and_wait();

    require(!is_ended(on_self) && !is_ended(on_child) && is_ended(on_ended) && is_ended(on_gone), "ended: %d %d %d %d", is_ended(on_self), is_ended(on_child), is_ended(on_ended), is_ended(on_gone));
    require(inode(on_gone) == inode(on_gone_too) && (inode(on_gone) != inode(on_other)) == have_own, "inodes %lu %lu %lu", inode(on_gone), inode(on_gone_too), inode(on_other));
    require(syscall(SYS_pidfd_send_signal, on_gone, 0, NULL, 0) == -1 && errno == ESRCH, "a process that is gone takes signals");
    must((int)syscall(SYS_pidfd_send_signal, on_self, 0, NULL, 0));
    must((int)syscall(SYS_pidfd_send_signal, on_child, SIGKILL, NULL, 0));
    must(waitid(P_PIDFD, (id_t)on_child, &info, WEXITED));
    require(info.si_pid == child && info.si_status == SIGKILL, "process %d ended with %d", info.si_pid, info.si_status);
    must(waitpid(ended, &status, 0));
    require(WEXITSTATUS(status) == 3, "the ended child had %x", status);
    return pass();
}
