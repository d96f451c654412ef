/*
 * Socket pairs remember who made them: the parent, a child of another user and group, and one that has ended since. Connections remember who has let the one end
 * listen and who has connected the other, also where the listening socket is closed, where that one has ended, or where it waits to be accepted.
 * @tree
 */
#include "program.h"
#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { User = 65534, Group = 12345 };

static void expect(int fd, pid_t pid, uid_t user, gid_t group, const char *whose)
{
    struct ucred peer;
    socklen_t length = sizeof peer;
    must(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length));
    require(peer.pid == pid && peer.uid == user && peer.gid == group, "the pair of %s is one of process %d, user %u, group %u", whose, peer.pid, peer.uid, peer.gid);
}

/* What a process that has ended left in the descriptor table that it shared. */
static struct {
    int pair[2], packets[2], connection, listener;
} left;

static int make_and_end(void *listener)
{
    struct sockaddr_un name;
    socklen_t length = sizeof name;
    must(getsockname(*(int *)listener, (struct sockaddr *)&name, &length));
    must(syscall(SYS_setresgid, Group + 1, Group + 1, Group + 1));
    must(syscall(SYS_setresuid, User - 1, User - 1, User - 1));
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, left.pair));
    must(socketpair(AF_UNIX, SOCK_DGRAM, 0, left.packets));
    left.connection = must(socket(AF_UNIX, SOCK_STREAM, 0));
    must(connect(left.connection, (struct sockaddr *)&name, length));
    const struct sockaddr_un own = {AF_UNIX, "\0checkpointer-peercred-of-the-dead"};
    left.listener = must(socket(AF_UNIX, SOCK_STREAM, 0));
    must(bind(left.listener, (const struct sockaddr *)&own, sizeof own));
    must(listen(left.listener, 1));
    return 0;
}

/* A process of another user and group that makes sockets for its parent, and ends. */
static pid_t ended_maker(int *listener)
{
    static char stack[65536] __attribute__((aligned(16)));
    int status;
    pid_t maker = must(clone(make_and_end, stack + sizeof stack, CLONE_VM | CLONE_FILES | SIGCHLD, listener));
    require(waitpid(maker, &status, 0) == maker && status == 0, "the maker ended with 0x%x", status);
    return maker;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    int shared[2], mute[2], own[2], listeners[3], served[3];
    char byte = 'x';
    pid_t parent = getpid();
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, shared));
    must(socketpair(AF_UNIX, SOCK_DGRAM, 0, mute));
    const struct sockaddr_un names[] = {{AF_UNIX, "kept"}, {AF_UNIX, "closed"}, {AF_UNIX, "\0checkpointer-peercred"}};
    must(mkdir(scratch_path("room"), 0755));
    must(chdir(scratch_path("room"))); /* the child could not go there by itself */
    for (int i = 0; i < 3; i++) {
        listeners[i] = must(socket(AF_UNIX, SOCK_STREAM, 0));
        must(bind(listeners[i], (const struct sockaddr *)&names[i], sizeof names[i]));
        must(listen(listeners[i], 2));
        if (i < 2)
            must(chmod(names[i].sun_path, 0666));
    }
    pid_t child = must(fork());
    if (child == 0) {
        must(setresgid(Group, Group, Group));
        must(setresuid(User, User, User));
        must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, own));
        for (int i = 0; i < 3; i++) {
            close(listeners[i]);
            served[i] = must(socket(AF_UNIX, SOCK_STREAM, 0));
            must(connect(served[i], (const struct sockaddr *)&names[i], sizeof names[i]));
        }
        int waiting = must(socket(AF_UNIX, SOCK_STREAM, 0));
        must(connect(waiting, (const struct sockaddr *)&names[2], sizeof names[2]));
        must(write(shared[1], &byte, 1));
        require(read(shared[1], &byte, 1) == 1 && byte == 'g', "the parent's word");
        for (int i = 0; i < 2; i++) {
            expect(own[i], getpid(), User, Group, "the child");
            expect(shared[i], parent, 0, 0, "the parent, seen by the child");
        }
        for (int i = 0; i < 3; i++)
            expect(served[i], parent, 0, 0, "the parent, who listens");
        expect(waiting, parent, 0, 0, "the parent, who has not accepted");
        must(write(own[0], "y", 1));
        require(read(own[1], &byte, 1) == 1 && byte == 'y', "the pair of the child does not work");
        _exit(0);
    }
    for (int i = 0; i < 3; i++)
        served[i] = must(accept(listeners[i], NULL, NULL));
    pid_t maker = ended_maker(&listeners[0]);
    int of_the_dead = must(accept(listeners[0], NULL, NULL));
    close(listeners[1]);
    require(read(shared[0], &byte, 1) == 1 && byte == 'x', "the child's word");
    ready_and_wait();
    for (int i = 0; i < 2; i++) {
        expect(left.pair[i], maker, User - 1, Group + 1, "one that has ended");
        expect(left.packets[i], maker, User - 1, Group + 1, "one that has ended, of datagrams");
    }
    expect(of_the_dead, maker, User - 1, Group + 1, "one that has ended, who has connected");
    expect(left.connection, parent, getuid(), getgid(), "the parent, seen from the connection of one that has ended");
    expect(left.listener, maker, User - 1, Group + 1, "one that has ended, who listens");
    for (int i = 0; i < 2; i++) {
        expect(shared[i], parent, getuid(), getgid(), "the parent");
        expect(mute[i], parent, getuid(), getgid(), "the parent, of datagrams");
    }
    for (int i = 0; i < 3; i++)
        expect(served[i], child, User, Group, "the child, who has connected");
    expect(listeners[0], parent, getuid(), getgid(), "the parent, of a listening socket");
    expect(must(accept(listeners[2], NULL, NULL)), child, User, Group, "the child, who has waited to be accepted");
    must(write(shared[0], "g", 1));
    int status;
    require(waitpid(child, &status, 0) == child && status == 0, "the child ended with 0x%x", status);
    return pass();
}
