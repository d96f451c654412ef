/*
 * FIFOs: with data, opened for reading, for writing and for both, with their own flags; one whose name was deleted; one that a child
 * reads while its parent writes.
 * @tree
 */
#include "program.h"

static void expect(int fd, const char *wanted, const char *what)
{
    char text[64] = {0};
    ssize_t got = read(fd, text, sizeof text - 1);
    require(got == (ssize_t)strlen(wanted) && strcmp(text, wanted) == 0, "%s gave %zd bytes \"%s\"", what, got, text);
}

static const char *made(const char *name)
{
    must(mkfifo(scratch_path(name), 0640));
    return scratch_path(name);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    int status;
    struct stat stat;
    const char *path = made("fifo");
    int both = must(open(path, O_RDWR | O_CLOEXEC)), reader = must(open(path, O_RDONLY | O_NONBLOCK)), writer = must(open(path, O_WRONLY));
    must(fcntl(both, F_SETPIPE_SZ, 1 << 17));
    must(write(writer, "in the fifo", 11));

    path = made("deleted");
    int deleted = must(open(path, O_RDWR | O_NONBLOCK)), deleted_writer = must(open(path, O_WRONLY | O_NONBLOCK));
    must(unlink(path));
    must(write(deleted_writer, "no name", 7));

    path = made("half");
    int half = must(open(path, O_RDONLY | O_NONBLOCK));

    path = made("talk");
    pid_t child = must(fork());
    if (child == 0) {
        char byte = 0;
        int from = must(open(path, O_RDONLY));
        must(read(from, &byte, 1));
        _exit(byte);
    }
    int to = must(open(path, O_WRONLY));
    ready_and_wait();

    require(must(fcntl(both, F_GETPIPE_SZ)) == 1 << 17 && must(fcntl(both, F_GETFD)) == FD_CLOEXEC && must(fcntl(reader, F_GETFL)) & O_NONBLOCK && !(must(fcntl(writer, F_GETFL)) & O_NONBLOCK), "size or flags");
    expect(reader, "in the fifo", "the fifo");
    must(write(both, "more", 4));
    expect(reader, "more", "the fifo");
    int fresh = must(open(scratch_path("fifo"), O_WRONLY | O_NONBLOCK));
    must(write(fresh, "by name", 7));
    expect(both, "by name", "the fifo");
    expect(deleted, "no name", "the deleted fifo");
    must(fstat(deleted, &stat));
    require(S_ISFIFO(stat.st_mode) && (stat.st_mode & 0777) == (0640 & ~022) && access(scratch_path("deleted"), F_OK) == -1, "the deleted fifo has mode %o", stat.st_mode);
    char byte;
    require(read(half, &byte, 1) == 0, "a fifo without a writer is not at its end");
    must(write(to, "*", 1));
    must(waitpid(child, &status, 0));
    require(WEXITSTATUS(status) == '*', "the child read %x", status);
    unlink(scratch_path("fifo"));
    unlink(scratch_path("half"));
    unlink(scratch_path("talk"));
    return pass();
}
