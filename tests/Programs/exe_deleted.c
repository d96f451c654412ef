/*
 * An executable that was deleted, and a child whose executable was replaced by another: both go on, and /proc/self/exe can be run again.
 * @tree
 */
#include "program.h"

static char self[1024];

static void copy_to(const char *path)
{
    char buffer[65536];
    ssize_t got;
    int from = must(open("/proc/self/exe", O_RDONLY)), to = must(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700));
    while ((got = must(read(from, buffer, sizeof buffer))) > 0)
        must(write(to, buffer, (size_t)got));
    close(from);
    close(to);
}

/* One whose name is another file's by now comes back without it. */
static void expect_deleted(int is_named)
{
    char target[1200] = "";
    struct stat found;
    must(readlink("/proc/self/exe", target, sizeof target - 1));
    require(!is_named || strncmp(target, self, strlen(self)) == 0, "the executable is %s", target);
    require(!is_named || strcmp(target + strlen(self), " (deleted)") == 0, "the executable is %s", target);
    must(stat("/proc/self/exe", &found));
    require((found.st_mode & 0777) == 0700 && found.st_nlink == 0, "its mode is %o, it has %d names", found.st_mode, (int)found.st_nlink);
    int status;
    pid_t child = must(fork());
    if (child == 0) {
        execl("/proc/self/exe", "again", (char *)NULL);
        _exit(9);
    }
    must(waitpid(child, &status, 0));
    require(WIFEXITED(status) && WEXITSTATUS(status) == 42, "run again it ends with %x", status);
}

int main(int argc, char **argv)
{
    if (argc == 1)
        return 42;
    begin(argc, argv);
    if (argc == 2) {
        copy_to(scratch_path("copy"));
        execl(scratch_path("copy"), argv[0], argv[1], "copied", (char *)NULL);
        fail("exec: %s", strerror(errno));
    }
    int up[2], down[2], status;
    char byte;
    must(pipe(up));
    must(pipe(down));
    pid_t child = must(fork());
    if (child == 0 && argc == 3) {
        must(dup2(up[1], 100));
        must(dup2(down[0], 101));
        copy_to(scratch_path("other"));
        execl(scratch_path("other"), argv[0], argv[1], "child", "child", (char *)NULL);
        fail("exec: %s", strerror(errno));
    }
    if (argc == 4) {
        if (child == 0)
            _exit(0);
        must(waitpid(child, &status, 0));
        snprintf(self, sizeof self, "%s", scratch_path("other"));
        int new = must(open(scratch_path("new"), O_WRONLY | O_CREAT, 0600));
        must(write(new, "another", 7));
        must(rename(scratch_path("new"), self));
        must(write(100, "r", 1));
        must(read(101, &byte, 1));
        expect_deleted(0);
        return 0;
    }
    snprintf(self, sizeof self, "%s", scratch_path("copy"));
    must(unlink(self));
    must(read(up[0], &byte, 1));
    ready_and_wait();

    expect_deleted(1);
    must(write(down[1], "g", 1));
    must(waitpid(child, &status, 0));
    require(status == 0, "the child ended with %x", status);
    return pass();
}
