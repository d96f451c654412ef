/*
 * Sessions and groups: of children born before their parent led a session, of leaders that have ended (waited for, or still zombies), groups without their
 * leader, a group whose leader has moved on to another one, orphans that a subreaper inherited.
 * @tree
 */
#include "program.h"
#include <sched.h>
#include <sys/prctl.h>

enum { Max = 40 };

struct process {
    pid_t pid, parent, session, group;
};

static struct process *all;
static volatile int *count, *stop, *bad;

static int enlist(void)
{
    int i = __atomic_fetch_add(count, 1, __ATOMIC_SEQ_CST);
    require(i < Max, "too many");
    all[i] = (struct process){getpid(), 0, 0, 0};
    return i;
}

static void stay(void)
{
    int i = enlist();
    while (*stop == 0)
        nap_ms(1);
    all[i].parent = getppid();
    all[i].session = getsid(0);
    all[i].group = getpgid(0);
    while (*stop == 1)
        nap_ms(1);
    if (getpid() != all[i].pid || getppid() != all[i].parent || getsid(0) != all[i].session || getpgid(0) != all[i].group) {
        say("FAIL: process %d: parent %d not %d, session %d not %d, group %d not %d", all[i].pid, getppid(), all[i].parent, getsid(0), all[i].session, getpgid(0), all[i].group);
        (*bad)++;
    }
    while (*stop == 2)
        nap_ms(1);
    _exit(0);
}

static pid_t spawn(void (*body)(void))
{
    pid_t child = must(fork());
    if (child == 0) {
        body();
        _exit(0);
    }
    return child;
}

static void finish(pid_t child) { must(waitpid(child, NULL, 0)); }

static void own_session(void) { must(setsid()), stay(); }
static void own_group(void) { must(setpgid(0, 0)), stay(); }

/* Had a child before it led a session; so did that. */
static void before_twice(void)
{
    if (must(fork()) == 0) {
        if (must(fork()) == 0)
            stay();
        must(setsid());
        stay();
    }
    must(setsid());
    stay();
}

/* Leads a group that goes on without it. */
static void leave_group(void)
{
    must(setpgid(0, 0));
    spawn(stay);
}

/* Leads a session, leaves members to the subreaper and ends. */
static void leave_members(void)
{
    must(setsid());
    spawn(stay);
    spawn(own_group);
    siginfo_t info;
    must(waitid(P_PID, (id_t)spawn(leave_group), &info, WEXITED | WNOWAIT));
}

/* Leads a session and ends; a member becomes a child of the main process as its sibling. */
static void leave_sibling(void)
{
    must(setsid());
    if (syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) == 0)
        stay();
}

static void between(void) { spawn(stay); }

/* An orphan of a session whose leader lives. */
static void lead_orphan(void)
{
    must(setsid());
    finish(spawn(between));
    stay();
}

/* Two groups; the leader of the first has moved to the second. */
static void move_on(void)
{
    must(setpgid(0, 0));
    spawn(stay);
    pid_t second = spawn(own_group);
    wait_until(getpgid(second) == second, "no second group");
    must(setpgid(0, second));
    stay();
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    all = must(mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    count = (volatile int *)(all + Max);
    stop = count + 1;
    bad = count + 2;
    must(prctl(PR_SET_CHILD_SUBREAPER, 1));
    spawn(stay);
    spawn(own_session);
    spawn(own_group);
    spawn(before_twice);
    finish(spawn(leave_members));
    finish(spawn(leave_sibling));
    spawn(lead_orphan);
    spawn(move_on);
    pid_t zombie = spawn(leave_members);
    siginfo_t info;
    must(waitid(P_PID, (id_t)zombie, &info, WEXITED | WNOWAIT));
    wait_until(__atomic_load_n(count, __ATOMIC_SEQ_CST) == 18, "%d processes", *count);
    *stop = 1;
    for (int i = 0; i < *count; i++)
        wait_until(__atomic_load_n(&all[i].group, __ATOMIC_SEQ_CST) != 0, "process %d does not look at itself", all[i].pid);
    ready_and_wait();

    *stop = 2;
    for (int i = 0; i < *count; i++)
        require(getsid(all[i].pid) == all[i].session && getpgid(all[i].pid) == all[i].group, "process %d: session %d, group %d", all[i].pid, getsid(all[i].pid), getpgid(all[i].pid));
    require(getsid(zombie) == zombie && getpgid(zombie) == zombie, "the zombie is in session %d", getsid(zombie));
    nap_ms(20); /* each looks at itself at least once */
    *stop = 3;
    finish(zombie);
    while (wait(NULL) > 0)
        ;
    require(*bad == 0, "%d processes are not where they were", *bad);
    return pass();
}
