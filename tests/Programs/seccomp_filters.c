/*
 * Threads and children confined by seccomp: filters of the process, more of one thread, strict mode, rights given up after the filters were installed. Each call
 * is judged as before, and a filter for all threads can still be installed where it could.
 * @tree
 */
#include "program.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

static volatile int *go;

/* The call with this number ends with this error. */
static int forbid(int number, int error, unsigned flags)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static int error_of(int number) { return syscall(number, -1, 0, 0, 0, 0, 0) == -1 ? errno : 0; }

enum { Plain, Special, Synchronised };

static void *work(void *kind)
{
    int is_special = (long)kind == Special;
    if (is_special)
        must(forbid(SYS_getsid, 91, 0));
    __atomic_add_fetch(go + 1, 1, __ATOMIC_SEQ_CST);
    while (go[0] == 0)
        nap_ms(1);
    require(error_of(SYS_getpgid) == 90, "a thread may call getpgid: %d", error_of(SYS_getpgid));
    require(error_of(SYS_getsid) == (is_special ? 91 : ESRCH), "getsid gives %d", error_of(SYS_getsid));
    while (go[0] < 2)
        nap_ms(1);
    if ((long)kind == Synchronised)
        require(error_of(SYS_getpriority) == 92, "the filter for all is not for all: %d", error_of(SYS_getpriority));
    return NULL;
}

/* Strict: only read, write, exit and sigreturn. */
static void be_strict(int in)
{
    char byte;
    must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
    while (read(in, &byte, 1) == 1)
        if (byte == 'k')
            syscall(SYS_getpid);
    syscall(SYS_exit, 44);
}

/* Not root any more, and may not gain rights: its filters are from before. */
static void be_nobody(void)
{
    must(forbid(SYS_getpgid, 90, 0));
    pthread_t one = start_thread(work, (void *)Plain);
    must(setresgid(65534, 65534, 65534));
    must(setresuid(65534, 65534, 65534));
    while (go[0] == 0)
        nap_ms(1);
    require(error_of(SYS_getpgid) == 90 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0, "the child may call getpgid");
    require(forbid(SYS_getsid, 1, 0) == -1 && errno == EACCES, "it may install filters: %s", strerror(errno));
    join(one);
    _exit(45);
}

/* May install a filter for all its threads, because they have the same ones. */
static void sync_all(void)
{
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    must(forbid(SYS_getpgid, 90, SECCOMP_FILTER_FLAG_LOG));
    pthread_t one = start_thread(work, (void *)Synchronised), two = start_thread(work, (void *)Synchronised);
    while (go[0] == 0)
        nap_ms(1);
    int stranger = forbid(SYS_getpriority, 92, SECCOMP_FILTER_FLAG_TSYNC);
    require(stranger == 0, "thread %d has other filters (%s)", stranger, strerror(errno));
    while (go[0] < 2)
        nap_ms(1);
    join(one);
    join(two);
    _exit(46);
}

static void mix_threads(void)
{
    must(forbid(SYS_getpgid, 90, 0));
    pthread_t special = start_thread(work, (void *)Special);
    while (go[0] == 0)
        nap_ms(1);
    require(error_of(SYS_getpgid) == 90 && error_of(SYS_getsid) == ESRCH, "getpgid gives %d, getsid %d", error_of(SYS_getpgid), error_of(SYS_getsid));
    require(forbid(SYS_getpriority, 92, SECCOMP_FILTER_FLAG_TSYNC) > 0, "a filter for all was installed past that of one");
    join(special);
    _exit(47);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    go = must(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    int pipes[2][2];
    pid_t children[5];
    for (int i = 0; i < 5; i++) {
        if (i < 2)
            must(pipe(pipes[i]));
        children[i] = must(fork());
        if (children[i] > 0)
            continue;
        if (i < 2) {
            close(pipes[i][1]);
            if (i > 0)
                close(pipes[0][1]);
            be_strict(pipes[i][0]);
        } else if (i == 2)
            be_nobody();
        else if (i == 3)
            sync_all();
        else
            mix_threads();
    }
    wait_until(go[1] == 4, "%d threads", go[1]);
    char path[64], text[4096];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "/proc/%d/status", children[i]);
        wait_until(read_whole(path, text, sizeof text) > 0 && strstr(text, "Seccomp:\t1") != NULL, "child %d is not strict", i);
    }
    ready_and_wait();

    go[0] = 1;
    nap_ms(20);
    go[0] = 2;
    must(write(pipes[0][1], "go", 2));
    must(write(pipes[1][1], "k", 1));
    close(pipes[0][1]);
    close(pipes[1][1]);
    int status, wanted[5] = {44 << 8, SIGKILL, 45 << 8, 46 << 8, 47 << 8};
    for (int i = 0; i < 5; i++)
        require(waitpid(children[i], &status, 0) == children[i] && (status & ~0x80) == wanted[i], "child %d ended with %x, not %x", i, status, wanted[i]);
    return pass();
}
