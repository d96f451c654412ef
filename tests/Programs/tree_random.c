/*
 * A tree that comes about at random: processes fork, also as siblings (CLONE_PARENT), lead and leave sessions and groups, end with and without being
 * waited for, and inherit orphans as subreapers. Afterwards each has the IDs that it had. A second argument is the seed.
 * @tree
 */
#include "program.h"
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/prctl.h>

enum { Max = 48, Steps = 90 };
enum { None, Fork, ForkSibling, SetSession, SetGroup, SetReaper, Wait, Look, Record, Check, Exit };
enum { Free, Live, Zombie, Gone };

struct slot {
    int state, command, argument, answer, code;
    pid_t pid, parent, session, group;
};

static struct slot *slots;
static int me, used = 1;
static uint64_t seed, draws;

static int draw(int below) { return (int)(mix(seed * 1000003u + draws++) % (uint64_t)below); }

static void futex_wait(int *word, int value) { syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0); }
static void futex_wake(int *word) { syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0); }

static void serve(void);

static int born(int as, int flags)
{
    pid_t child = (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        me = as;
        serve();
    }
    return child;
}

static int check(void)
{
    struct slot *own = &slots[me];
    if (getpid() != own->pid || getppid() != own->parent || getsid(0) != own->session || getpgid(0) != own->group) {
        say("FAIL: seed %llu: process %d: pid %d, parent %d not %d, session %d not %d, group %d not %d", (unsigned long long)seed, own->pid, getpid(),
            getppid(), own->parent, getsid(0), own->session, getpgid(0), own->group);
        return -1;
    }
    return 0;
}

static int perform(int command, int argument)
{
    int status = 0;
    siginfo_t info;
    switch (command) {
    case Fork:
        return born(argument, 0);
    case ForkSibling:
        return born(argument, CLONE_PARENT);
    case SetSession:
        return setsid();
    case SetGroup:
        return setpgid(0, argument);
    case SetReaper:
        return prctl(PR_SET_CHILD_SUBREAPER, argument);
    case Wait:
        return waitpid(argument, &status, 0) == argument ? status : -1;
    case Look:
        return waitid(P_PID, (id_t)argument, &info, WEXITED | WNOWAIT);
    case Record:
        slots[me].parent = getppid();
        slots[me].session = getsid(0);
        slots[me].group = getpgid(0);
        return slots[me].pid = getpid();
    case Check:
        return check();
    default:
        return 0;
    }
}

static void serve(void)
{
    for (;;) {
        struct slot *own = &slots[me];
        int command;
        while ((command = __atomic_load_n(&own->command, __ATOMIC_SEQ_CST)) == None)
            futex_wait(&own->command, None);
        int is_own = command != Exit;
        if (!is_own)
            own->parent = getppid();
        own->answer = perform(command, own->argument);
        __atomic_store_n(&own->command, None, __ATOMIC_SEQ_CST);
        futex_wake(&own->command);
        if (!is_own)
            _exit(own->code);
    }
}

static int ask(int slot, int command, int argument)
{
    if (slot == 0)
        return perform(command, argument);
    slots[slot].argument = argument;
    __atomic_store_n(&slots[slot].command, command, __ATOMIC_SEQ_CST);
    futex_wake(&slots[slot].command);
    while (__atomic_load_n(&slots[slot].command, __ATOMIC_SEQ_CST) != None)
        futex_wait(&slots[slot].command, command);
    return slots[slot].answer;
}

static int slot_of(pid_t pid)
{
    for (int i = 0; i < used; i++)
        if (slots[i].pid == pid && slots[i].state != Free && slots[i].state != Gone)
            return i;
    fail("seed %llu: nobody is process %d", (unsigned long long)seed, pid);
}

static void fork_by(int slot, int command)
{
    if (used == Max)
        return;
    slots[used].state = Live;
    slots[used].code = draw(200);
    slots[used].pid = must(ask(slot, command, used));
    used++;
}

static void end(int slot)
{
    ask(slot, Exit, 0);
    int parent = slot_of(slots[slot].parent), is_reaped = draw(4) > 0;
    must(ask(parent, Look, slots[slot].pid));
    slots[slot].state = Zombie;
    if (is_reaped) {
        must(ask(parent, Wait, slots[slot].pid));
        slots[slot].state = Gone;
    }
}

static void do_something(void)
{
    int slot;
    do
        slot = draw(used);
    while (slots[slot].state != Live);
    int what = draw(20);
    if (what < 8)
        fork_by(slot, Fork);
    else if (what < 10 && slot > 0)
        fork_by(slot, ForkSibling);
    else if (what < 13)
        ask(slot, SetSession, 0);
    else if (what < 15) {
        int other = draw(used);
        ask(slot, SetGroup, slots[other].state == Live && draw(2) ? getpgid(slots[other].pid) : 0);
    } else if (what < 18 && slot > 0)
        end(slot);
    else if (slot > 0)
        ask(slot, SetReaper, draw(2));
}

static void look_at_zombie(struct slot *slot)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", slot->pid);
    read_whole(path, text, sizeof text);
    int parent, group, session;
    char state;
    require(sscanf(strrchr(text, ')') + 1, " %c %d %d %d", &state, &parent, &group, &session) == 4 && state == 'Z', "zombie %d: %s", slot->pid, text);
    if (slot->session == 0) {
        slot->parent = parent;
        slot->group = group;
        slot->session = session;
    }
    require(slot->parent == parent && slot->group == group && slot->session == session, "seed %llu: zombie %d: parent %d not %d, group %d not %d, session %d not %d",
        (unsigned long long)seed, slot->pid, parent, slot->parent, group, slot->group, session, slot->session);
}

static void look_at_all(int command)
{
    for (int i = 0; i < used; i++) {
        if (slots[i].state == Live && ask(i, command, 0) < 0)
            _exit(1);
        if (slots[i].state == Zombie)
            look_at_zombie(&slots[i]);
    }
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)getpid();
    say("seed %llu", (unsigned long long)seed);
    slots = must(mmap(NULL, Max * sizeof *slots, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    slots[0].state = Live;
    slots[0].pid = getpid();
    must(prctl(PR_SET_CHILD_SUBREAPER, 1));
    for (int i = 0; i < Steps; i++)
        do_something();
    look_at_all(Record);
    ready_and_wait();

    slots[0].parent = getppid(); /* whoever restored it */
    look_at_all(Check);
    for (int i = 0; i < used; i++)
        if (slots[i].state == Zombie) {
            int status = ask(slot_of(slots[i].parent), Wait, slots[i].pid);
            require(WIFEXITED(status) && WEXITSTATUS(status) == slots[i].code, "seed %llu: zombie %d ended with %x", (unsigned long long)seed, slots[i].pid, status);
            slots[i].state = Gone;
        }
    for (int i = 1; i < used; i++)
        if (slots[i].state == Live)
            must(kill(slots[i].pid, SIGKILL));
    while (wait(NULL) > 0)
        ;
    require(errno == ECHILD, "wait: %s", strerror(errno));
    return pass();
}
