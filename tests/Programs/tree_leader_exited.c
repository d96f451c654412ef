/*
 * Children whose main thread has exited while others run, with and without an exit code of its own; their threads go on, and at their end the parent gets
 * what the threads gave to exit, or what the whole process was ended by.
 * @tree
 */
#include "program.h"
#include <sys/prctl.h>

enum { Children = 3, Threads = 2 };

static volatile int *go;
static volatile uint64_t *turns;
static __thread uint64_t own;

static void *work(void *argument)
{
    long number = (long)argument, child = number / Threads;
    own = mix((uint64_t)number);
    int file = must(open(scratch_path("file"), O_RDWR | O_CREAT, 0600));
    while (go[0] == 0) {
        turns[number]++;
        nap_ms(1);
    }
    require(own == mix((uint64_t)number), "thread %ld has lost its own", number);
    require(fcntl(file, F_GETFD) >= 0 && access("/proc/self/task", F_OK) == 0, "thread %ld has lost its file", number);
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", getpid());
    read_whole(path, text, sizeof text);
    require(strstr(text, "(leader") && strrchr(text, ')')[2] == 'Z', "thread %ld: %s", number, text);
    turns[number] = 0;
    while (go[0] == 1)
        nap_ms(1);
    if (child == 2)
        exit(77);
    syscall(SYS_exit, child == 1 ? 33 : 0); /* which of the threads is asked depends on the kernel's version */
    return NULL;
}

static void lead(long child)
{
    prctl(PR_SET_NAME, "leader");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (long i = 0; i < Threads; i++)
        start_thread(work, (void *)(child * Threads + i));
    if (child == 1 && fork() == 0) { /* has a thread for a parent now */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (go[0] < 2)
            nap_ms(1);
        _exit(0);
    }
    syscall(SYS_exit, child == 1 ? 33 : 0);
}

static int leader_has_exited(pid_t child)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", child);
    read_whole(path, text, sizeof text);
    return strrchr(text, ')')[2] == 'Z';
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    go = must(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    turns = (volatile uint64_t *)(go + 16);
    pid_t children[Children];
    for (long i = 0; i < Children; i++) {
        children[i] = must(fork());
        if (children[i] == 0)
            lead(i);
    }
    for (int i = 0; i < Children; i++)
        wait_until(leader_has_exited(children[i]) && turns[i * Threads] > 1 && turns[i * Threads + 1] > 1, "child %d does not start", i);
    ready_and_wait();

    for (int i = 0; i < Children * Threads; i++) {
        uint64_t before = turns[i];
        wait_until(turns[i] > before + 3, "thread %d stopped", i);
    }
    for (int i = 0; i < Children; i++)
        require(leader_has_exited(children[i]) && waitpid(children[i], NULL, WNOHANG) == 0, "child %d has ended", i);
    go[0] = 1;
    for (int i = 0; i < Children * Threads; i++)
        wait_until(turns[i] == 0, "thread %d does not answer", i);
    go[0] = 2;
    int status, wanted[Children] = {0, 33 << 8, 77 << 8};
    for (int i = 0; i < Children; i++)
        require(waitpid(children[i], &status, 0) == children[i] && status == wanted[i], "child %d ended with %x, not %x", i, status, wanted[i]);
    return pass();
}
