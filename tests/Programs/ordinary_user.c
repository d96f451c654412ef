/*
 * A job of an ordinary user, without any rights: its processes and threads, its files, sockets, terminals and System V objects belong to that user after a restore
 * by root, too, and it can do what it could and nothing more.
 * @tree
 */
#include "program.h"
#include <grp.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { User = 18943, Group = 58467 };

static const gid_t groups[] = {27495, 48244};
static volatile int stop, wrong;

/* As login programs do it: everything is given up, then the program is run. */
static void become_user(char **argv)
{
    const char *home = scratch_path("home");
    must(mkdir(home, 0700));
    must(chown(home, User, Group));
    must(chdir(home));
    must(setgroups(2, groups));
    must(setresgid(Group, Group, Group));
    must(setresuid(User, User, User));
    must(execv("/proc/self/exe", (char *[]){argv[0], argv[1], "as user", NULL}));
}

static int is_user(void)
{
    uid_t users[3];
    gid_t owned[3], now[8];
    must(getresuid(&users[0], &users[1], &users[2]));
    must(getresgid(&owned[0], &owned[1], &owned[2]));
    for (int i = 0; i < 3; i++)
        if (users[i] != User || owned[i] != Group)
            return 0;
    static __thread char status[4096];
    read_whole("/proc/thread-self/status", status, sizeof status);
    return getgroups(8, now) == 2 && now[0] == groups[0] && now[1] == groups[1] && strstr(status, "CapEff:\t0000000000000000") != NULL;
}

static void *work(void *unused)
{
    while (!stop)
        nap_ms(1);
    wrong |= !is_user();
    return unused;
}

static void expect_owner(const struct stat *file, const char *what)
{
    require(file->st_uid == User && file->st_gid == Group, "%s belongs to user %u, group %u", what, file->st_uid, file->st_gid);
}

static void check_file(const char *name)
{
    struct stat file;
    must(lstat(name, &file));
    expect_owner(&file, name);
}

static void check_descriptor(int fd, const char *what)
{
    struct stat file;
    must(fstat(fd, &file));
    expect_owner(&file, what);
}

static void check_rights(pid_t child)
{
    struct rlimit limit;
    require(open("/etc/shadow", O_RDONLY) == -1 && errno == EACCES, "it can read what is root's");
    require(kill(1, 0) == -1 && errno == EPERM, "it can send signals to root's processes");
    require(setpriority(PRIO_PROCESS, 0, -5) == -1 && (errno == EACCES || errno == EPERM), "it can raise its priority");
    must(prlimit(child, RLIMIT_CORE, NULL, &limit));
    /* Who may look into it: its user. */
    check_file("/proc/self/maps");
    close(must(open("/proc/self/mem", O_RDWR)));
    close(must(open("new", O_RDWR | O_CREAT | O_EXCL, 0600)));
    check_file("new");
    must(unlink("new"));
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    if (getuid() == 0)
        become_user(argv);
    int written = must(open("written", O_RDWR | O_CREAT | O_TRUNC, 0640)), gone = must(open("gone", O_RDWR | O_CREAT | O_TRUNC, 0600));
    must(write(written, "before", 6));
    must(unlink("gone"));
    must(mkfifo("fifo", 0600));
    int fifo = must(open("fifo", O_RDWR)), memory = must((int)syscall(SYS_memfd_create, "mine", 0)), listener = must(socket(AF_UNIX, SOCK_STREAM, 0));
    const struct sockaddr_un name = {AF_UNIX, "socket"};
    must(bind(listener, (const struct sockaddr *)&name, sizeof name));
    must(listen(listener, 1));
    int segment = must(shmget(IPC_PRIVATE, 4096, 0600)), queue = must(msgget(IPC_PRIVATE, 0600)), pair[2];
    char *shared = must((char *)shmat(segment, NULL, 0));
    must(shmctl(segment, IPC_RMID, NULL));
    must(msgsnd(queue, &(struct { long type; char text; }){1, 'm'}, 1, 0));
    int master = must(posix_openpt(O_RDWR | O_NOCTTY));
    must(grantpt(master));
    must(unlockpt(master));
    char slave[64];
    zero(ptsname_r(master, slave, sizeof slave));
    struct stat terminal, terminal_now;
    must(stat(slave, &terminal));
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    pid_t child = must(fork());
    if (child == 0) {
        while (shared[0] != 'g')
            nap_ms(1);
        _exit(is_user() ? 7 : 8);
    }
    pthread_t thread = start_thread(work, NULL);
    require(is_user(), "set-up");
    ready_and_wait();

    require(is_user(), "the user is another");
    stop = 1;
    join(thread);
    require(!wrong, "the user of a thread is another");
    check_rights(child);
    check_file("written");
    check_file("fifo");
    check_file("socket");
    check_file(".");
    check_descriptor(written, "the written file");
    check_descriptor(gone, "the deleted file");
    check_descriptor(fifo, "the FIFO");
    check_descriptor(memory, "the memfd");
    must(fchmod(gone, 0400));
    must(fchmod(written, 0600));
    must(write(written, "after", 5));
    struct shmid_ds attached;
    struct msqid_ds queued;
    must(shmctl(segment, IPC_STAT, &attached));
    must(msgctl(queue, IPC_STAT, &queued));
    require(attached.shm_perm.uid == User && attached.shm_perm.gid == Group && queued.msg_perm.uid == User && queued.msg_perm.gid == Group, "a System V object is another's");
    must(msgctl(queue, IPC_RMID, NULL));
    must(stat(slave, &terminal_now));
    require(terminal_now.st_uid == terminal.st_uid && terminal_now.st_gid == terminal.st_gid && terminal_now.st_mode == terminal.st_mode, "the terminal is another's");
    struct ucred peer;
    socklen_t length = sizeof peer;
    must(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &length));
    require(peer.uid == User && peer.gid == Group && peer.pid == getpid(), "the peer is user %u", peer.uid);
    shared[0] = 'g';
    int status;
    require(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7, "the child ended with 0x%x", status);
    return pass();
}
