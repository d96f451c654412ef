/*
 * TCP connections that lead out of the job, which are given up (--tcp close): after a restore each is one that its peer has reset, behind what was
 * received; a dump alone changes nothing. The sockets of a restore have other inodes than those of the first life, which tells the two apart.
 * @dump --tcp close
 */
#include "socket_options.h"
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

enum { Plain, Ended, Full, Shut, Sixth, Client, Ends };

static int ends[Ends], listener, listener6;

static struct sockaddr_in6 address_of(int fd)
{
    struct sockaddr_in6 address = {0};
    socklen_t length = sizeof address;
    must(getsockname(fd, (struct sockaddr *)&address, &length));
    return address;
}

static int listen_on(const void *address, socklen_t length)
{
    int fd = must(socket(((const struct sockaddr *)address)->sa_family, SOCK_STREAM, 0));
    must(bind(fd, address, length));
    must(listen(fd, 8));
    return fd;
}

static int connect_to(int to)
{
    struct sockaddr_in6 address = address_of(to);
    int fd = must(socket(address.sin6_family, SOCK_STREAM, 0));
    must(connect(fd, (struct sockaddr *)&address, sizeof address));
    return fd;
}

/* Holds the other ends, outside of the job, and sends back what comes on the first. */
static void stand_outside(int own, int told)
{
    alarm(300);
    for (int i = 0; i < Client; i++)
        ends[i] = connect_to(i == Sixth ? listener6 : listener);
    ends[Client] = must(accept(own, NULL, NULL));
    must(connect_to(listener));
    must(write(ends[Plain], "unread", 6));
    must(write(ends[Ended], "tail", 4));
    must(shutdown(ends[Ended], SHUT_WR));
    must(write(told, "x", 1));
    close(told);
    close(listener);
    close(listener6);
    char byte;
    while (read(ends[Plain], &byte, 1) == 1)
        must(write(ends[Plain], &byte, 1));
    _exit(0);
}

static void expect_reset(int i, const char *unread, int ended)
{
    char text[16];
    int length = (int)strlen(unread);
    struct pollfd file = {ends[i], POLLIN | POLLRDHUP, 0};
    require(poll(&file, 1, 0) == 1 && (file.revents & (POLLIN | POLLHUP | POLLRDHUP | POLLERR)) == (POLLIN | POLLHUP | POLLRDHUP | POLLERR), "end %d shows 0x%x", i, file.revents);
    if (length > 0)
        require(read(ends[i], text, sizeof text) == length && memcmp(text, unread, (size_t)length) == 0, "what end %d had received", i);
    if (!ended)
        require(read(ends[i], text, 1) == -1 && errno == ECONNRESET, "end %d is not reset: %s", i, strerror(errno));
    require(read(ends[i], text, 1) == 0, "end %d does not end", i);
    require(write(ends[i], "x", 1) == -1 && errno == EPIPE, "end %d can be written to: %s", i, strerror(errno));
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int pipes[2], theirs = listen_on(&any, sizeof any);
    listener = listen_on(&any, sizeof any);
    listener6 = listen_on(&any6, sizeof any6);
    must(pipe(pipes));
    ends[Client] = connect_to(theirs);
    pid_t child = must(fork());
    if (child == 0) {
        if (must(fork()) != 0)
            _exit(0);
        close(ends[Client]);
        stand_outside(theirs, pipes[1]);
    }
    must(waitpid(child, NULL, 0));
    close(theirs);
    close(pipes[1]);
    for (int i = 0; i < Client; i++)
        ends[i] = must(accept(i == Sixth ? listener6 : listener, NULL, NULL));
    char text[16], *block = calloc(1, 4096);
    require(read(pipes[0], text, 1) == 1, "the one outside has ended");
    close(pipes[0]);
    while (send(ends[Full], block, 4096, MSG_DONTWAIT) > 0) {
    }
    must(shutdown(ends[Shut], SHUT_WR));
    set_option(ends[Plain], SOL_SOCKET, SO_KEEPALIVE, 1);
    struct stat before, after;
    struct sockaddr_in6 names[Ends], name;
    must(fstat(ends[Plain], &before));
    for (int i = 0; i < Ends; i++)
        names[i] = address_of(ends[i]);
    ready_and_wait();

    must(fstat(ends[Plain], &after));
    if (before.st_ino == after.st_ino) {
        must(write(ends[Plain], "y", 1));
        require(recv(ends[Plain], text, 7, MSG_WAITALL) == 7 && memcmp(text, "unready", 7) == 0, "the connection broke");
        close(must(accept(listener, NULL, NULL)));
        return pass();
    }
    for (int i = 0; i < Ends; i++) {
        name = address_of(ends[i]);
        require(memcmp(&name, &names[i], sizeof name) == 0, "the name of end %d", i);
    }
    require(option(ends[Plain], SOL_SOCKET, SO_KEEPALIVE) == 1 && option(ends[Full], SOL_SOCKET, SO_KEEPALIVE) == 0, "options");
    expect_reset(Plain, "unread", 0);
    expect_reset(Ended, "tail", 1);
    for (int i = Full; i < Ends; i++)
        expect_reset(i, "", 0);
    must(fcntl(listener, F_SETFL, O_NONBLOCK));
    require(accept(listener, NULL, NULL) == -1 && errno == EAGAIN, "the connection that nobody had accepted");
    int again = connect_to(listener);
    require(accept(listener, NULL, NULL) >= 0, "nobody can connect");
    close(again);
    return pass();
}
