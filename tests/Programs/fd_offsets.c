/*
 * Regular files: offsets and flags of readers, writers, O_APPEND; a dup shares its offset, a second open does not; data
 * written before is there, and writing goes on at the right place.
 */
#include "program.h"

static void expect_file(const char *suffix, const char *wanted)
{
    char text[256];
    read_whole(scratch_path(suffix), text, sizeof text);
    require(strcmp(text, wanted) == 0, "%s holds \"%s\", not \"%s\"", suffix, text, wanted);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    const int New = O_CREAT | O_TRUNC;
    int out = must(open(scratch_path("out"), O_WRONLY | New, 0640));
    int log = must(open(scratch_path("log"), O_WRONLY | O_APPEND | New, 0600));
    int both = must(open(scratch_path("both"), O_RDWR | New, 0600));
    must(write(out, "first ", 6));
    must(write(log, "line1 ", 6));
    must(write(both, "0123456789", 10));
    must(lseek(both, 4, SEEK_SET));
    int reader = must(open(scratch_path("both"), O_RDONLY | O_NOATIME)), twin = must(dup(reader));
    must(lseek(reader, 7, SEEK_SET));
    int sparse = must(open(scratch_path("sparse"), O_RDWR | New | O_SYNC, 0600));
    must(lseek(sparse, 5ll << 30, SEEK_SET)); /* an offset beyond 4 GiB, nothing written there */
    int flags[] = {fcntl(out, F_GETFL), fcntl(log, F_GETFL), fcntl(both, F_GETFL), fcntl(reader, F_GETFL), fcntl(sparse, F_GETFL)};
    ready_and_wait();

    int fds[] = {out, log, both, reader, sparse};
    for (int i = 0; i < 5; i++)
        require(fcntl(fds[i], F_GETFL) == flags[i], "fd %d: flags %x, were %x", fds[i], fcntl(fds[i], F_GETFL), flags[i]);
    require(lseek(sparse, 0, SEEK_CUR) == 5ll << 30, "offset beyond 4 GiB");
    must(write(out, "second", 6));
    must(write(log, "line2", 5));
    must(write(both, "XY", 2));
    expect_file("out", "first second");
    expect_file("log", "line1 line2");
    expect_file("both", "0123XY6789");
    char text[4] = {0};
    require(read(twin, text, 2) == 2 && strcmp(text, "78") == 0, "the dup read \"%s\"", text);
    require(lseek(reader, 0, SEEK_CUR) == 9, "the dup does not share its offset");
    require(write(reader, "x", 1) == -1 && errno == EBADF, "a read-only descriptor can write");
    struct stat status;
    must(fstat(out, &status));
    require((status.st_mode & 07777) == 0640, "mode %o", status.st_mode);
    return pass();
}
