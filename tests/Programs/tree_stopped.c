/*
 * Stopped children, by each signal that stops, with more stop signals pending: they stay stopped, by the same signal, until SIGCONT. A stop that the parent
 * has not fetched can be fetched once, one that it has is not reported again, and nobody is told twice.
 * @tree
 */
#include "program.h"
#include <sys/prctl.h>

enum { Children = 10 };

static const struct kind {
    int number, also, to_thread, is_blocked, is_fetched, threads, main_exits;
} kinds[Children] = {
    {SIGSTOP, 0, 0, 0, 0, 0, 0},       {SIGSTOP, 0, 0, 0, 1, 0, 0},       {SIGTSTP, 0, 0, 0, 0, 0, 0},       {SIGTSTP, 0, 0, 0, 1, 2, 0},
    {SIGTTIN, 0, 0, 0, 0, 0, 0},       {SIGSTOP, SIGSTOP, 0, 0, 0, 0, 0}, {SIGSTOP, SIGSTOP, 1, 0, 0, 0, 0}, {SIGSTOP, SIGTSTP, 0, 1, 0, 0, 0},
    {SIGSTOP, 0, 0, 0, 0, 3, 0},       {SIGSTOP, 0, 0, 0, 0, 2, 1},
};

static volatile int told;
static volatile uint64_t *turns;

static void on_child(int number) { (void)number, told++; }

static void *count_turns(void *number)
{
    for (;;) {
        turns[(long)number]++;
        nap_ms(1);
    }
    return NULL;
}

static void live(long number)
{
    must(prctl(PR_SET_PDEATHSIG, SIGKILL));
    if (kinds[number].is_blocked) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGTSTP);
        zero(pthread_sigmask(SIG_BLOCK, &set, NULL));
    }
    for (int i = 0; i < kinds[number].threads; i++)
        start_thread(count_turns, (void *)number);
    if (kinds[number].main_exits)
        syscall(SYS_exit, 0);
    count_turns((void *)number);
}

static int stop_of(pid_t child, int flags)
{
    siginfo_t info = {.si_pid = 0};
    must(waitid(P_PID, (id_t)child, &info, WSTOPPED | WNOHANG | flags));
    require(info.si_pid == 0 || (info.si_pid == child && info.si_code == CLD_STOPPED), "waitid gives process %d, code %d", info.si_pid, info.si_code);
    return info.si_pid == 0 ? 0 : info.si_status;
}

static char state_of(pid_t child)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", child);
    read_whole(path, text, sizeof text);
    return strrchr(text, ')')[2];
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    turns = must(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    pid_t children[Children];
    /* Not in an orphaned group, which only SIGSTOP stops. */
    for (long i = 0; i < Children; i++) {
        children[i] = must(fork());
        if (children[i] == 0)
            live(i);
        must(setpgid(children[i], children[i]));
        wait_until(turns[i] > 2, "child %ld does not run", i);
        must(kill(children[i], kinds[i].number));
        wait_until(stop_of(children[i], WNOWAIT) == kinds[i].number, "child %ld does not stop", i);
        if (kinds[i].is_fetched)
            stop_of(children[i], 0);
        if (kinds[i].also)
            must(kinds[i].to_thread ? (int)syscall(SYS_tkill, children[i], kinds[i].also) : kill(children[i], kinds[i].also));
    }
    must(signal(SIGCHLD, on_child) == SIG_ERR ? -1 : 0);
    ready_and_wait();

    require(told == 0, "told %d times of what was known", told);
    uint64_t before[Children];
    for (int i = 0; i < Children; i++) {
        before[i] = turns[i];
        require(state_of(children[i]) == (kinds[i].main_exits ? 'Z' : 'T'), "child %d is in state %c", i, state_of(children[i]));
    }
    nap_ms(10);
    for (int i = 0; i < Children; i++) {
        require(turns[i] == before[i], "child %d runs", i);
        int stop = stop_of(children[i], 0);
        require(stop == (kinds[i].is_fetched ? 0 : kinds[i].number), "child %d is reported to be stopped by %d", i, stop);
        require(stop_of(children[i], 0) == 0, "the stop of child %d is reported twice", i);
    }
    for (int i = 0; i < Children; i++) {
        must(kill(children[i], SIGCONT));
        wait_until(turns[i] > before[i] + 3, "child %d does not continue", i);
        siginfo_t info;
        must(waitid(P_PID, (id_t)children[i], &info, WCONTINUED));
        require(info.si_code == CLD_CONTINUED && stop_of(children[i], 0) == 0, "child %d: code %d", i, info.si_code);
        must(kill(children[i], SIGKILL));
        int status;
        require(waitpid(children[i], &status, 0) == children[i] && status == SIGKILL, "child %d ended with %x", i, status);
    }
    return pass();
}
