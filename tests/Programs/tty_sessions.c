/*
 * Controlling terminals: one that nobody has open, one whose file another session's leader has, foreground groups, members of a session without
 * terminal, /dev/tty as a descriptor, masters that are inherited, hang-up when the master is closed.
 * @tree
 * @go file
 */
#include "terminals.h"

enum { Talkers = 5 };

static struct pty ptys[Talkers];
static volatile sig_atomic_t hangups;
static void count(int signal_number) { (void)signal_number, hangups++; }

struct facts {
    int terminal, foreground;
};

/* tty_nr and tpgid of /proc/PID/stat. */
static struct facts facts_of(pid_t pid)
{
    char path[64], text[1024];
    struct facts facts = {0, 0};
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    read_whole(path, text, sizeof text);
    must(sscanf(strrchr(text, ')') + 2, "%*c %*d %*d %*d %d %d", &facts.terminal, &facts.foreground) == 2 ? 0 : -1);
    return facts;
}

/* A byte from the child that it is ready; its answer at the end. */
struct talk {
    int to, from;
};

static struct talk new_talk(int *child_in, int *child_out)
{
    int down[2], up[2];
    must(pipe2(down, O_CLOEXEC));
    must(pipe2(up, O_CLOEXEC));
    *child_in = down[0];
    *child_out = up[1];
    return (struct talk){down[1], up[0]};
}

static char heard(int fd)
{
    char byte = 0;
    while (read(fd, &byte, 1) == -1 && errno == EINTR)
        ;
    return byte;
}

static void tell(int fd, char byte) { must(write(fd, &byte, 1)); }

static pid_t started(struct talk *talk, void (*run)(int in, int out, struct pty pty), int number)
{
    int in, out;
    *talk = new_talk(&in, &out);
    pid_t child = must(fork());
    if (child == 0) {
        close(talk->to);
        close(talk->from);
        /* A master that somebody else holds, too, would keep a terminal from being hung up. */
        for (int i = 0; i < number; i++)
            close(ptys[i].master);
        run(in, out, ptys[number]);
        _exit(0);
    }
    close(in);
    close(out);
    require(heard(talk->from) == 'r', "a child did not begin");
    return child;
}

/* Leads a session with a terminal that it has not open, and is hung up at the end. */
static void lonely(int in, int out, struct pty pty)
{
    close(pty.master);
    signal(SIGHUP, count);
    must(setsid());
    int slave = must(open(slave_path(pty.number), O_RDWR));
    must(close(slave));
    tell(out, 'r');
    char byte = heard(in);
    slave = open("/dev/tty", O_RDWR);
    tell(out, byte == 'g' && slave >= 0 && hangups == 0 ? 'y' : 'n');
    wait_until(hangups > 0, "the session was not hung up");
    tell(out, hangups == 1 && open("/dev/tty", O_RDWR) == -1 && errno == ENXIO && write(slave, "x", 1) == -1 && errno == EIO ? 'y' : 'n');
    heard(in);
}

/* Leads a session with jobs: one in the foreground, one stopped by reading in the background, one without terminal. */
static void shell(int in, int out, struct pty pty)
{
    pid_t jobs[3];
    int slave, status;
    close(pty.master);
    must(setsid());
    slave = must(open(slave_path(pty.number), O_RDWR));
    struct termios2 settings = settings_of(slave);
    settings.c_lflag &= ~(unsigned)ECHO;
    set(slave, settings);
    for (int i = 0; i < 3; i++) {
        int gate[2];
        must(pipe(gate));
        if ((jobs[i] = must(fork())) == 0) {
            char line[8];
            close(gate[1]);
            heard(gate[0]);
            close(gate[0]);
            if (i == 2) {
                must(ioctl(slave, TIOCNOTTY));
                for (;;)
                    pause();
            }
            /* The foreground reads; the background is stopped by trying to, and tries again when it is continued. */
            _exit(read(slave, line, sizeof line) == 2 ? line[0] : 1);
        }
        must(setpgid(jobs[i], jobs[i]));
        if (i == 0) {
            signal(SIGTTOU, SIG_IGN);
            must(ioctl(slave, TIOCSPGRP, &jobs[i]));
        }
        close(gate[0]);
        tell(gate[1], 'g');
        close(gate[1]);
    }
    must(waitpid(jobs[1], &status, WUNTRACED));
    require(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTIN, "the background job ended with %x", status);
    wait_until(facts_of(jobs[2]).terminal == 0, "a job keeps its terminal");
    tell(out, 'r');
    heard(in);
    struct facts mine = facts_of(getpid()), detached = facts_of(jobs[2]), first = facts_of(jobs[0]);
    require(mine.terminal != 0 && first.terminal == mine.terminal && mine.foreground == jobs[0], "terminal %x, foreground group %d", mine.terminal, mine.foreground);
    require(detached.terminal == 0 && getsid(jobs[2]) == getpid(), "the job without terminal has terminal %x", detached.terminal);
    tell(out, 'y');
    must(waitpid(jobs[0], &status, 0));
    require(WIFEXITED(status) && WEXITSTATUS(status) == 'f', "the foreground job ended with %x", status);
    must(ioctl(slave, TIOCSPGRP, &jobs[1]));
    must(kill(jobs[1], SIGCONT));
    tell(out, 'y');
    must(waitpid(jobs[1], &status, 0));
    require(WIFEXITED(status) && WEXITSTATUS(status) == 'b', "the background job ended with %x", status);
    must(kill(jobs[2], SIGKILL));
    must(waitpid(jobs[2], &status, 0));
    tell(out, 'y');
    heard(in);
}

/* Leads a session whose terminal only the leader of a session below has open. */
static void lender(int in, int out, struct pty pty)
{
    close(pty.master);
    must(setsid());
    int slave = must(open(slave_path(pty.number), O_RDWR));
    pid_t child = must(fork());
    if (child == 0) {
        must(setsid());
        tell(out, 'r');
        for (;;)
            pause();
    }
    must(close(slave));
    heard(in);
    require(facts_of(child).terminal == 0 && facts_of(getpid()).terminal != 0, "terminals %x of the session below, %x of this", facts_of(child).terminal, facts_of(getpid()).terminal);
    must(kill(child, SIGKILL));
    must(waitpid(child, NULL, 0));
    tell(out, 'y');
    heard(in);
}

/* Had a terminal, which was hung up. */
static void bereft(int in, int out, struct pty pty)
{
    signal(SIGHUP, SIG_IGN);
    must(setsid());
    must(open(slave_path(pty.number), O_RDWR));
    must(close(pty.master));
    tell(out, 'r');
    heard(in);
    require(facts_of(getpid()).terminal == 0 && open("/dev/tty", O_RDWR) == -1 && errno == ENXIO, "a terminal that was lost is back");
    tell(out, 'y');
    heard(in);
}

/* Holds the only master that is left, and has written to it. */
static void keeper(int in, int out, struct pty pty)
{
    int copy = must(dup(pty.master));
    must(close(pty.master));
    put(copy, "ping\n");
    tell(out, 'r');
    heard(in);
    put(copy, "pong\n");
    tell(out, 'y');
    heard(in);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    if (getsid(0) != getpid())
        must(setsid());
    signal(SIGHUP, count);
    struct talk talks[Talkers];
    pid_t children[Talkers];
    void (*runs[Talkers])(int, int, struct pty) = {lonely, shell, lender, bereft, keeper};
    for (int i = 0; i < Talkers; i++) {
        ptys[i] = new_pty(O_CLOEXEC, i == 4);
        children[i] = started(&talks[i], runs[i], i);
        if (i >= 3) {
            must(close(ptys[i].master));
            ptys[i].master = -1;
        }
    }

    /* Our own. */
    struct pty own = new_pty(0, 0);
    own.slave = must(open(slave_path(own.number), O_RDWR));
    int current = must(open("/dev/tty", O_RDWR | O_NONBLOCK));
    must(dup2(own.slave, 100));
    must(close(own.slave));
    put(own.master, "hello\nworld\n");
    ready();
    wait_for_go_file();

    struct stat node;
    struct facts mine = facts_of(getpid());
    must(fstat(current, &node));
    require(major(node.st_rdev) == 5 && minor(node.st_rdev) == 0, "/dev/tty is device %u:%u", major(node.st_rdev), minor(node.st_rdev));
    require(mine.terminal != 0 && mine.foreground == getpgrp(), "our own terminal is %x, the foreground group %d", mine.terminal, mine.foreground);
    expect_read(100, "hello\n", "our own terminal");
    expect_read(current, "world\n", "/dev/tty");

    for (int i = 0; i < Talkers; i++)
        tell(talks[i].to, 'g');
    for (int i = 0; i < Talkers; i++)
        require(heard(talks[i].from) == 'y', "child %d found something wrong", i);
    int session;
    must(ioctl(ptys[2].master, TIOCGSID, &session));
    require(session == children[2], "terminal of session %d", session);
    expect_read(ptys[4].slave, "ping\n", "the slave");
    expect_read(ptys[4].slave, "pong\n", "the slave");

    put(ptys[1].master, "f\n");
    require(heard(talks[1].from) == 'y', "the foreground job got nothing");
    put(ptys[1].master, "b\n");
    require(heard(talks[1].from) == 'y', "the background job got nothing");
    must(close(ptys[0].master));
    require(heard(talks[0].from) == 'y', "hanging up went wrong");

    for (int i = 0; i < Talkers; i++) {
        int status;
        tell(talks[i].to, 'e');
        require(must(waitpid(children[i], &status, 0)) == children[i] && status == 0, "child %d ended with %x", i, status);
    }
    require(hangups == 0, "hung up too early");
    must(close(own.master));
    wait_until(hangups == 1, "we were not hung up");
    require(facts_of(getpid()).terminal == 0, "we keep a terminal that was hung up");
    return pass();
}
