/*
 * Children under another root directory, with their working directory below it or outside; one whose root was set by another with which it shares it.
 * @tree
 */
#include "program.h"
#include <sched.h>

enum { Children = 3 };

static volatile int *go;

static void stay(const char *directory, int number, int is_outside)
{
    char name[512];
    int file = must(open(is_outside ? "inside" : "/inside", O_RDONLY | O_CREAT, 0600));
    struct stat before, after;
    must(fstat(file, &before));
    go[1 + number] = 1;
    while (go[0] == 0)
        nap_ms(1);
    require(stat("/inside", &after) == 0 && after.st_ino == before.st_ino, "child %d sees another file", number);
    require(access(directory, F_OK) == -1 && errno == ENOENT, "child %d sees what is outside", number);
    long length = syscall(SYS_getcwd, name, sizeof name);
    require(length > 0 && (strncmp(name, "(unreachable)", 13) == 0) == is_outside, "child %d works in %s", number, name);
    require(is_outside || strcmp(name, "/below") == 0, "child %d works in %s", number, name);
    go[1 + number] = 2;
    while (go[0] == 1)
        nap_ms(1);
    _exit(0);
}

static void inside(const char *directory, int number)
{
    must(chroot(directory));
    must(mkdir("/below", 0700) == -1 && errno != EEXIST ? -1 : 0);
    must(chdir("/below"));
    stay(directory, number, 0);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    go = must(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    const char *directory = scratch_path("root");
    must(mkdir(directory, 0700) == -1 && errno != EEXIST ? -1 : 0);
    if (must(fork()) == 0) {
        if (must((pid_t)syscall(SYS_clone, CLONE_FS | SIGCHLD, 0, 0, 0, 0)) == 0) {
            while (go[1] == 0)
                nap_ms(1);
            stay(directory, 1, 0);
        }
        inside(directory, 0);
    }
    if (must(fork()) == 0) {
        must(chdir(directory));
        must(close(must(open("inside", O_RDONLY | O_CREAT, 0600))));
        must(chdir(".."));
        must(chroot(directory));
        int up = open("inside", O_RDONLY);
        require(up == -1, "not outside");
        must(link("/inside", "inside") == -1 && errno != EEXIST ? -1 : 0);
        stay(directory, 2, 1);
    }
    wait_until(go[1] == 1 && go[2] == 1 && go[3] == 1, "a child does not start");
    ready_and_wait();

    go[0] = 1;
    wait_until((go[1] == 2 && go[2] == 2 && go[3] == 2) || waitpid(-1, NULL, WNOHANG) > 0, "a child does not answer");
    require(go[1] == 2 && go[2] == 2 && go[3] == 2, "a child failed");
    go[0] = 2;
    for (int i = 0; i < Children - 1; i++)
        must(wait(NULL));
    must(unlink("inside") == -1 && errno != ENOENT ? -1 : 0);
    return pass();
}
