/*
 * A symbolic link itself, a file and a directory, opened with O_PATH.
 */
#include "program.h"

int main(int argc, char **argv)
{
    begin(argc, argv);
    char target[64] = {0};
    struct stat stat;
    must(symlink("nowhere/at/all", scratch_path("link")));
    must(mkdir(scratch_path("dir"), 0700));
    int link = must(open(scratch_path("link"), O_PATH | O_NOFOLLOW | O_CLOEXEC)), directory = must(open(scratch_path("dir"), O_PATH | O_DIRECTORY));
    ready_and_wait();

    must(fstat(link, &stat));
    require(S_ISLNK(stat.st_mode), "the link has mode %o", stat.st_mode);
    require(must(readlinkat(link, "", target, sizeof target - 1)) == 14 && strcmp(target, "nowhere/at/all") == 0, "the link leads to %s", target);
    require(read(link, target, 1) == -1 && errno == EBADF, "an O_PATH descriptor can be read");
    close(must(openat(directory, "new", O_RDWR | O_CREAT, 0600)));
    must(unlinkat(directory, "new", 0));
    unlink(scratch_path("link"));
    rmdir(scratch_path("dir"));
    return pass();
}
