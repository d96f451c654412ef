/*
 * Socket pairs of all three types with unread data both ways, message borders, empty messages, a shut-down direction, an end that was closed with data
 * left, one that was closed with data unread, credentials of messages, buffer sizes and time-outs, who made the pair.
 */
#include "program.h"
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { Big = 150000 };

static void pair(int type, int ends[2]) { must(socketpair(AF_UNIX, type, 0, ends)); }

static void put(int fd, const char *text) { require(send(fd, text, strlen(text), MSG_DONTWAIT) == (ssize_t)strlen(text), "send: %s", strerror(errno)); }

static void expect(int fd, const char *text, const char *what)
{
    char got[256] = {0};
    ssize_t length = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);
    require(length == (ssize_t)strlen(text) && strcmp(got, text) == 0, "%s: %zd bytes '%s' instead of '%s' (%s)", what, length, got, text, strerror(errno));
}

static void expect_end(int fd, const char *what)
{
    char byte;
    require(recv(fd, &byte, 1, MSG_DONTWAIT) == 0, "%s: no end of the stream", what);
}

static void expect_nothing(int fd, const char *what)
{
    char byte;
    require(recv(fd, &byte, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN, "%s: something more is there", what);
}

static void expect_from(int fd, const char *text, pid_t pid)
{
    char got[64] = {0}, control[64];
    struct iovec part = {got, sizeof got - 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    must(recvmsg(fd, &message, MSG_DONTWAIT));
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    require(header != NULL && header->cmsg_type == SCM_CREDENTIALS, "no credentials with '%s'", got);
    struct ucred from;
    memcpy(&from, CMSG_DATA(header), sizeof from);
    require(strcmp(got, text) == 0 && from.pid == pid, "'%s' comes from process %d", got, from.pid);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    static char big[Big], back[Big];
    int stream[2], dgram[2], packets[2], half[2], left[2], reset[2], idle[2], creds[2], on = 1, size = 300000, length = sizeof size;
    fill(big, Big / 8 * 8, 7);
    pair(SOCK_STREAM, stream);
    must(setsockopt(stream[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size));
    must(getsockopt(stream[0], SOL_SOCKET, SO_SNDBUF, &size, (socklen_t *)&length));
    require(send(stream[0], big, Big, MSG_DONTWAIT) == Big, "the stream takes too little");
    put(stream[1], "one");
    put(stream[1], "two");
    pair(SOCK_DGRAM, dgram);
    put(dgram[0], "");
    put(dgram[0], "first");
    put(dgram[0], "the second");
    put(dgram[1], "answer");
    pair(SOCK_SEQPACKET, packets);
    put(packets[0], "");
    put(packets[0], "a packet");
    put(packets[0], "another");
    pair(SOCK_STREAM, half);
    put(half[0], "last words");
    put(half[1], "heard");
    must(shutdown(half[0], SHUT_WR));
    pair(SOCK_STREAM, left);
    put(left[0], "inheritance");
    close(left[0]);
    pair(SOCK_STREAM, reset);
    put(reset[0], "inheritance");
    put(reset[1], "not read");
    close(reset[0]);
    pair(SOCK_SEQPACKET, idle);
    struct timeval timeout = {3, 250000};
    must(setsockopt(idle[1], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout));
    must(fcntl(idle[0], F_SETFL, O_NONBLOCK));
    pair(SOCK_STREAM, creds);
    must(setsockopt(creds[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
    put(creds[0], "from me");
    ready_and_wait();

    int now = 0;
    must(getsockopt(stream[0], SOL_SOCKET, SO_SNDBUF, &now, (socklen_t *)&length));
    require(now == size, "the send buffer has %d bytes instead of %d", now, size);
    require(recv(stream[1], back, Big, MSG_WAITALL) == Big && memcmp(big, back, Big) == 0, "the stream's data is lost");
    expect_nothing(stream[1], "the stream");
    expect(stream[0], "onetwo", "the stream back");
    put(stream[0], "more");
    expect(stream[1], "more", "the stream again");
    expect(dgram[1], "", "empty datagram");
    expect(dgram[1], "first", "datagram");
    expect(dgram[1], "the second", "datagram");
    expect(dgram[0], "answer", "datagram");
    expect_nothing(dgram[1], "datagrams");
    put(dgram[1], "new");
    expect(dgram[0], "new", "datagram");
    expect(packets[1], "", "empty packet");
    expect(packets[1], "a packet", "packet");
    expect(packets[1], "another", "packet");
    expect_nothing(packets[1], "packets");
    expect(half[1], "last words", "half-closed");
    expect_end(half[1], "half-closed");
    expect(half[0], "heard", "half-closed");
    put(half[1], "still");
    expect(half[0], "still", "half-closed");
    require(send(half[0], "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE, "a shut direction is open");
    expect(left[1], "inheritance", "closed peer");
    expect_end(left[1], "closed peer");
    struct pollfd look = {.fd = reset[1]};
    require(must(poll(&look, 1, 0)) == 1 && (look.revents & POLLERR) && (look.revents & POLLHUP), "the error is lost: %x", look.revents);
    expect(reset[1], "inheritance", "reset peer");
    char byte;
    require(recv(reset[1], &byte, 1, 0) == -1 && errno == ECONNRESET, "the reset is lost");
    length = sizeof timeout;
    must(getsockopt(idle[1], SOL_SOCKET, SO_RCVTIMEO, &timeout, (socklen_t *)&length));
    require(timeout.tv_sec == 3 && must(fcntl(idle[0], F_GETFL)) == (O_RDWR | O_NONBLOCK) && must(fcntl(idle[1], F_GETFL)) == O_RDWR, "time-out or flags are lost");
    expect_from(creds[1], "from me", getpid());
    return pass();
}
