/*
 * A job that is a cgroup: processes whose parents are outside, in sessions of their own, in each other's, and in one whose leader has ended; they share memory and a pipe.
 * The second argument is the directory of the cgroup, which is empty at first; without, it stays where it is.
 * @alone
 */
#include "program.h"

enum { Members = 6 };

struct process {
    pid_t pid, session, group, child;
};

static struct process *all;
static volatile int *count, *stop, *bad;
static int ends[2];

static int enlist(void)
{
    int i = __atomic_fetch_add(count, 1, __ATOMIC_SEQ_CST);
    all[i] = (struct process){getpid(), getsid(0), getpgid(0), 0};
    return i;
}

static void stay_with(pid_t child, int has_leader)
{
    int i = enlist();
    all[i].child = child;
    while (*stop == 0)
        nap_ms(1);
    /* Without the leader of its session it leads one of its own where it was restored. */
    if ((getsid(0) != all[i].session || getpgid(0) != all[i].group) && (has_leader || getsid(0) != getpid() || getpgid(0) != getpid())) {
        say("FAIL: process %d: session %d not %d, group %d not %d", getpid(), getsid(0), all[i].session, getpgid(0), all[i].group);
        (*bad)++;
    }
    if (child)
        must(waitpid(child, NULL, 0));
    must(write(ends[1], "x", 1));
    _exit(0);
}

static void stay(void) { stay_with(0, 1); }
static void stay_without_leader(void) { stay_with(0, 0); }

/* Makes a process whose parent is outside of the job. */
static void cast_off(void (*body)(void))
{
    pid_t between = must(fork());
    if (between == 0) {
        if (must(fork()) == 0)
            body();
        _exit(0);
    }
    must(waitpid(between, NULL, 0));
}

static void own_group(void)
{
    must(setpgid(0, 0));
    stay();
}

static void own_session(void)
{
    must(setsid());
    cast_off(stay);
    pid_t child = must(fork());
    if (child == 0)
        stay();
    stay_with(child, 1);
}

static void session_without_leader(void)
{
    must(setsid());
    if (must(fork()) == 0)
        stay_without_leader();
    _exit(0);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    char path[600], text[32];
    if (argc > 2) {
        snprintf(path, sizeof path, "%s/cgroup.procs", argv[2]);
        snprintf(text, sizeof text, "%d", getpid());
        int fd = must(open(path, O_WRONLY | O_CLOEXEC));
        must(write(fd, text, strlen(text)));
        close(fd);
    }
    all = must(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    count = (volatile int *)(all + Members);
    stop = count + 1;
    bad = count + 2;
    must(pipe(ends));
    cast_off(own_group);
    cast_off(own_session);
    cast_off(session_without_leader);
    pid_t child = must(fork());
    if (child == 0)
        own_group();
    wait_until(__atomic_load_n(count, __ATOMIC_SEQ_CST) == Members, "%d processes", *count);
    ready_and_wait();

    *stop = 1;
    must(waitpid(child, NULL, 0));
    for (int i = 0; i < Members; i++)
        require(must(read(ends[0], text, 1)) == 1, "no word of all");
    require(*bad == 0, "%d processes are not where they were", *bad);
    return pass();
}
