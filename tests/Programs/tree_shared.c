/*
 * Processes that share a descriptor table (CLONE_FILES) or working directory, root and umask (CLONE_FS) with their parent, with a sibling (CLONE_PARENT), across a
 * process that does not, and those that share nothing: what one opens or changes shows in the others that share, and in no other.
 * @tree
 */
#include "program.h"
#include <linux/kcmp.h>
#include <sched.h>

enum { Shared = 150, Max = 8 };

static struct process {
    pid_t pid;
    int has_file, has_directory;
} *all;
static volatile int *count, *go, *bad;
static const char *directory;

static void stay(int files, int directories)
{
    int i = __atomic_fetch_add(count, 1, __ATOMIC_SEQ_CST);
    all[i] = (struct process){getpid(), files, directories};
    while (*go == 0)
        nap_ms(1);
    char byte = 0, name[512];
    int got = fcntl(Shared, F_GETFD) >= 0 && pread(Shared, &byte, 1, 0) == 1 && byte == 'x';
    if (got != files || (strcmp(must(getcwd(name, sizeof name)), directory) == 0) != directories) {
        say("FAIL: process %d: file %d, not %d; it works in %s", getpid(), got, files, name);
        (*bad)++;
    }
    mode_t mask = umask(0);
    umask(mask);
    if ((mask == 0135) != directories) {
        say("FAIL: process %d has the umask %o", getpid(), mask);
        (*bad)++;
    }
    __atomic_fetch_add(go, 1, __ATOMIC_SEQ_CST);
    while (*go < Max)
        nap_ms(1);
    _exit(0);
}

static pid_t share(int flags) { return must((pid_t)syscall(SYS_clone, flags | (flags & CLONE_PARENT ? 0 : SIGCHLD), 0, 0, 0, 0)); }

int main(int argc, char **argv)
{
    begin(argc, argv);
    all = must(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    count = (volatile int *)(all + Max);
    go = count + 1;
    bad = count + 2;
    directory = scratch_path("directory");
    must(mkdir(directory, 0700) == -1 && errno != EEXIST ? -1 : 0);
    if (share(CLONE_FILES) == 0) {
        if (share(CLONE_FILES | CLONE_FS) == 0)
            stay(1, 0);
        if (share(0) == 0)
            stay(0, 0);
        stay(1, 0);
    }
    if (share(CLONE_FS) == 0)
        stay(0, 1);
    if (share(CLONE_FILES | CLONE_FS) == 0) {
        if (share(CLONE_PARENT | CLONE_FILES | CLONE_FS) == 0)
            stay(1, 1);
        stay(1, 1);
    }
    if (share(0) == 0) { /* two that share with each other only */
        if (share(CLONE_FILES | CLONE_FS) == 0)
            stay(0, 0);
        stay(0, 0);
    }
    wait_until(*count == Max, "%d processes", *count);
    ready_and_wait();

    int fd = must(open(scratch_path("file"), O_RDWR | O_CREAT, 0600));
    must(write(fd, "x", 1));
    must(dup2(fd, Shared));
    must(chdir(directory));
    umask(0135);
    for (int i = 0; i < Max; i++) {
        require((syscall(SYS_kcmp, getpid(), all[i].pid, KCMP_FILES, 0, 0) == 0) == all[i].has_file, "descriptors of process %d", all[i].pid);
        require((syscall(SYS_kcmp, getpid(), all[i].pid, KCMP_FS, 0, 0) == 0) == all[i].has_directory, "working directory of process %d", all[i].pid);
    }
    *go = 1;
    int left = 4; /* children of ours: one sibling was made by a child */
    wait_until(*go == Max + 1 || *bad > 0, "%d of %d have looked", *go - 1, Max);
    while (wait(NULL) > 0)
        left--;
    require(*bad == 0 && left == -1, "%d processes share what they did not, %d children", *bad, 4 - left);
    return pass();
}
