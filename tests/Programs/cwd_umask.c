/* Working directory (a relative path works) and file creation mask. */
#include "program.h"

int main(int argc, char **argv)
{
    begin(argc, argv);
    const char *name = scratch_path("a directory with spaces");
    char before[512], now[512];
    must(mkdir(name, 0755));
    must(chdir(name));
    umask(0137);
    require(getcwd(before, sizeof before) != NULL, "getcwd");
    ready_and_wait();

    require(getcwd(now, sizeof now) != NULL && strcmp(before, now) == 0, "directory is %s, was %s", now, before);
    int fd = must(open("file", O_WRONLY | O_CREAT | O_EXCL, 0777));
    struct stat status;
    must(fstat(fd, &status));
    require((status.st_mode & 0777) == 0640, "mode is %o", status.st_mode & 0777);
    require(umask(0) == 0137, "umask");
    must(unlink("file"));
    must(chdir("/"));
    must(rmdir(name));
    return pass();
}
