/*
 * Ended processes that nobody has waited for: with other exit signals than SIGCHLD (__WCLONE), in groups and sessions of their own, killed, below a child, and
 * below a child that has ended too. Live children with other exit signals. None of it is told to the parents a second time.
 * @tree
 */
#include "program.h"
#include <sched.h>
#include <sys/prctl.h>

enum { Clones = 3 };

static const int exit_signals[Clones] = {0, SIGUSR2, SIGCHLD};
static volatile int children_told, others_told;

static void on_child(int number) { (void)number, children_told++; }
static void on_other(int number) { (void)number, others_told++; }

static pid_t clone_with(int exit_signal) { return must((pid_t)syscall(SYS_clone, exit_signal, 0, 0, 0, 0)); }

static pid_t end_in_group(int exit_signal, int code)
{
    pid_t child = clone_with(exit_signal);
    if (child == 0) {
        must(setpgid(0, 0));
        _exit(code);
    }
    siginfo_t info;
    must(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT | __WALL));
    return child;
}

static void expect(pid_t child, int options, int wanted)
{
    int status = -1;
    pid_t got = waitpid(child, &status, options | WNOHANG);
    require(got == child && status == wanted, "process %d: wait gives %d, status %x, not %x (%s)", child, got, status, wanted, strerror(errno));
}

/* Waits for its own zombie when it is told to, and tells what it found. */
static pid_t start_parent(int *pipe_down, pid_t *below)
{
    int down[2], up[2];
    must(pipe(down));
    must(pipe(up));
    pid_t child = must(fork());
    if (child == 0) {
        char byte;
        pid_t own = end_in_group(SIGCHLD, 77);
        must(write(up[1], &own, sizeof own));
        must(read(down[0], &byte, 1));
        expect(own, 0, 77 << 8);
        _exit(0);
    }
    must(read(up[0], below, sizeof *below));
    close(up[0]);
    close(up[1]);
    close(down[0]);
    *pipe_down = down[1];
    return child;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    must(prctl(PR_SET_CHILD_SUBREAPER, 1));
    must(signal(SIGCHLD, on_child) == SIG_ERR ? -1 : 0);
    must(signal(SIGUSR2, on_other) == SIG_ERR ? -1 : 0);
    pid_t ended[Clones], live[Clones], below, orphan;
    int down, status;
    for (int i = 0; i < Clones; i++)
        ended[i] = end_in_group(exit_signals[i], 10 + i);
    for (int i = 0; i < Clones; i++)
        if ((live[i] = clone_with(exit_signals[i])) == 0)
            for (;;)
                pause();
    pid_t killed = must(fork());
    if (killed == 0) {
        must(setsid());
        for (;;)
            pause();
    }
    wait_until(getsid(killed) == killed, "no session");
    must(kill(killed, SIGTERM));
    siginfo_t info;
    must(waitid(P_PID, (id_t)killed, &info, WEXITED | WNOWAIT));
    pid_t parent = start_parent(&down, &below);
    /* One whose parent has ended as well: its own zombie came to us. */
    int up[2];
    must(pipe(up));
    pid_t both = must(fork());
    if (both == 0) {
        orphan = end_in_group(SIGCHLD, 66);
        must(write(up[1], &orphan, sizeof orphan));
        _exit(65);
    }
    must(read(up[0], &orphan, sizeof orphan));
    must(waitid(P_PID, (id_t)both, &info, WEXITED | WNOWAIT));
    children_told = others_told = 0;
    ready_and_wait();

    require(children_told == 0 && others_told == 0, "ended children were told %d and %d times more", children_told, others_told);
    for (int i = 0; i < Clones; i++)
        require(getpgid(ended[i]) == ended[i] && getsid(ended[i]) == getsid(0), "zombie %d is in group %d", ended[i], getpgid(ended[i]));
    require(getsid(killed) == killed && getpgid(below) == below && getpgid(orphan) == orphan, "zombies are in other groups");
    require(waitpid(ended[0], &status, WNOHANG) == -1 && errno == ECHILD, "a child without SIGCHLD is seen by a plain wait");
    expect(ended[0], (int)__WCLONE, 10 << 8);
    expect(ended[1], (int)__WCLONE, 11 << 8);
    expect(ended[2], 0, 12 << 8);
    expect(killed, 0, SIGTERM);
    expect(both, 0, 65 << 8);
    expect(orphan, 0, 66 << 8);
    for (int i = 0; i < Clones; i++) {
        int told = children_told, others = others_told;
        must(kill(live[i], SIGKILL));
        must(waitpid(live[i], &status, __WALL));
        require(status == SIGKILL && children_told - told == (i == 2) && others_told - others == (i == 1), "child %d: status %x, told %d and %d times", i, status,
            children_told - told, others_told - others);
    }
    must(write(down, "x", 1));
    must(waitpid(parent, &status, 0));
    require(status == 0, "the child has lost its zombie: %x", status);
    require(wait(NULL) == -1 && errno == ECHILD, "another child appeared");
    return pass();
}
