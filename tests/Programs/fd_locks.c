/*
 * Locks: of a process (fcntl), of an open file (flock, F_OFD_SETLK), shared and exclusive, of parts and of all of a file, and a lease;
 * a child is asked what it could lock. A child that inherited a flock shares it;
 * the lock is under the name of the process that took it.
 * @tree
 */
#include "program.h"
#include <sys/file.h>

static struct flock range(short type, long start, long length)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
}

/* In a child, with an open file of its own: 1 where the lock can be had. */
static int can_lock(const char *path, int by, short type, long start, long length)
{
    int status;
    pid_t child = must(fork());
    if (child == 0) {
        int fd = open(path, O_RDWR | O_CLOEXEC);
        struct flock wanted = range(type, start, length);
        int got = by == 'f' ? flock(fd, (type == F_WRLCK ? LOCK_EX : LOCK_SH) | LOCK_NB) : fcntl(fd, by == 'o' ? F_OFD_SETLK : F_SETLK, &wanted);
        _exit(got == 0);
    }
    must(waitpid(child, &status, 0));
    return WEXITSTATUS(status);
}

static int opened(const char *name) { return must(open(scratch_path(name), O_RDWR | O_CREAT | O_CLOEXEC, 0600)); }

/* The process that holds the lock on an open file, as /proc/locks has it. */
static int taker(int fd)
{
    char path[64], text[4096];
    int pid = 0;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    read_whole(path, text, sizeof text);
    const char *line = strstr(text, "FLOCK");
    require(line && sscanf(line, "FLOCK %*s %*s %d", &pid) == 1, "no flock in %s", text);
    return pid;
}

/* A lease that somebody wants to go; taken on a file that is opened by flags, broken by opening it in a way. */
static int broken(const char *name, int flags, int type, int by)
{
    const char *path = scratch_path(name);
    close(must(open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600)));
    int fd = must(open(path, flags | O_CLOEXEC));
    must(fcntl(fd, F_SETLEASE, type));
    must(fcntl(fd, F_SETSIG, SIGRTMIN));
    require(open(path, by | O_NONBLOCK) == -1 && errno == EWOULDBLOCK, "the lease does not hold");
    siginfo_t told;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    require(must(sigwaitinfo(&set, &told)) == SIGRTMIN && told.si_fd == fd, "was not told of %s", name);
    return fd;
}

static void expect(const char *what, int is, int wanted) { require(is == wanted, "%s can%s be locked", what, is ? "" : "not"); }

int main(int argc, char **argv)
{
    begin(argc, argv);
    int of_process = opened("posix"), whole = opened("flock"), shared = opened("shared"), by_file = opened("ofd"), leased = opened("lease"), status;
    struct flock lock = range(F_WRLCK, 100, 50);
    must(fcntl(of_process, F_SETLK, &lock));
    lock = range(F_RDLCK, 1000, 0);
    must(fcntl(of_process, F_SETLK, &lock));
    int copy = must(dup(of_process));
    must(flock(whole, LOCK_EX));
    must(flock(shared, LOCK_SH));
    lock = range(F_WRLCK, 0, 10);
    must(fcntl(by_file, F_OFD_SETLK, &lock));
    must(fcntl(leased, F_SETLEASE, F_WRLCK));
    sigset_t breaks;
    sigemptyset(&breaks);
    sigaddset(&breaks, SIGRTMIN);
    zero(pthread_sigmask(SIG_BLOCK, &breaks, NULL));
    int to_read = broken("to-read", O_RDWR, F_WRLCK, O_RDONLY), to_none = broken("to-none", O_RDWR, F_WRLCK, O_WRONLY), read_to_none = broken("read-to-none", O_RDONLY, F_RDLCK, O_WRONLY);
    int pipe_ends[2];
    must(pipe(pipe_ends));
    pid_t heir = must(fork());
    if (heir == 0) {
        close(pipe_ends[1]);
        char byte;
        must(read(pipe_ends[0], &byte, 1));
        _exit(flock(whole, LOCK_EX | LOCK_NB) == 0); /* its own already */
    }
    ready_and_wait();

    const char *posix = scratch_path("posix"), *file = scratch_path("flock");
    expect("bytes 100 to 150", can_lock(posix, 'p', F_RDLCK, 120, 10), 0);
    expect("bytes 150 to 1000", can_lock(posix, 'p', F_WRLCK, 150, 850), 1);
    expect("the rest for reading", can_lock(posix, 'p', F_RDLCK, 5000, 0), 1);
    expect("the rest for writing", can_lock(posix, 'p', F_WRLCK, 5000, 0), 0);
    expect("the file of an exclusive flock", can_lock(file, 'f', F_RDLCK, 0, 0), 0);
    require(taker(whole) == getpid() && taker(shared) == getpid(), "the flocks are those of %d and %d", taker(whole), taker(shared));
    expect("the file of a shared flock for writing", can_lock(scratch_path("shared"), 'f', F_WRLCK, 0, 0), 0);
    expect("the file of a shared flock for reading", can_lock(scratch_path("shared"), 'f', F_RDLCK, 0, 0), 1);
    expect("bytes of an open file lock", can_lock(scratch_path("ofd"), 'o', F_RDLCK, 5, 1), 0);
    expect("other bytes of an open file lock", can_lock(scratch_path("ofd"), 'o', F_WRLCK, 10, 1), 1);
    require(must(fcntl(leased, F_GETLEASE)) == F_WRLCK, "the lease is %d", fcntl(leased, F_GETLEASE));
    int types[] = {fcntl(to_read, F_GETLEASE), fcntl(to_none, F_GETLEASE), fcntl(read_to_none, F_GETLEASE)};
    require(types[0] == F_RDLCK && types[1] == F_UNLCK && types[2] == F_UNLCK, "the leases that are broken are %d, %d, %d", types[0], types[1], types[2]);
    struct timespec none = {0};
    require(sigtimedwait(&breaks, NULL, &none) == -1 && errno == EAGAIN, "was told of a break again");
    must(fcntl(to_read, F_SETLEASE, F_UNLCK));
    must(fcntl(to_none, F_SETLEASE, F_UNLCK));
    must(write(pipe_ends[1], "x", 1));
    must(waitpid(heir, &status, 0));
    require(WEXITSTATUS(status) == 1, "the heir does not share the lock");
    close(copy); /* POSIX locks go with any descriptor of the file */
    expect("bytes 100 to 150 after close", can_lock(posix, 'p', F_RDLCK, 120, 10), 1);
    return pass();
}
