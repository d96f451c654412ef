/*
 * TCP connections whose both ends are in the job: IPv4, IPv6, IPv4 in IPv6; unread and unsent data in both directions, full queues, shut directions,
 * ends that were closed, reset, or never came to be; connections that wait to be accepted or to be answered; options and addresses.
 */
#include "socket_options.h"
#include "tcp_streams.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct connection {
    int client, server, listener;
    union address names[4]; /* of the client, of its peer, of the server, of its peer */
};

static union address loopback(int family, in_port_t port)
{
    union address address = {.any.sa_family = (sa_family_t)family};
    if (family == AF_INET) {
        address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.v4.sin_port = port;
    } else {
        address.v6.sin6_addr = in6addr_loopback;
        address.v6.sin6_port = port;
    }
    return address;
}

static socklen_t size_of(const union address *address) { return address->any.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6; }

static void name_ends(const struct connection *c, union address names[4])
{
    memset(names, 0, 4 * sizeof *names);
    for (int i = 0; i < 4; i++) {
        socklen_t length = sizeof names[i];
        int fd = i < 2 ? c->client : c->server;
        must(i % 2 ? getpeername(fd, &names[i].any, &length) : getsockname(fd, &names[i].any, &length));
    }
}

/* SO_PEERNAME tells it of an end that has ended, too. */
static union address peer_of(int fd, const union address *expected)
{
    union address address = {0};
    socklen_t length = size_of(expected);
    must(getsockopt(fd, SOL_SOCKET, SO_PEERNAME, &address, &length));
    return address;
}

static int listen_on(int family, int backlog)
{
    union address address = {.any.sa_family = (sa_family_t)family};
    int fd = must(socket(family, SOCK_STREAM, 0));
    if (family == AF_INET)
        address = loopback(family, 0);
    must(bind(fd, &address.any, size_of(&address)));
    must(listen(fd, backlog));
    return fd;
}

static in_port_t port_of(int fd)
{
    union address address;
    socklen_t length = sizeof address;
    must(getsockname(fd, &address.any, &length));
    return address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port;
}

static int begin_connect(int family, in_port_t port, int flags)
{
    union address address = loopback(family, port);
    int fd = must(socket(family, SOCK_STREAM | flags, 0));
    int result = connect(fd, &address.any, size_of(&address));
    require(result == 0 || (flags != 0 && errno == EINPROGRESS), "connect: %s", strerror(errno));
    return fd;
}

static struct connection open_to(int listener, int family)
{
    struct connection c = {.listener = listener};
    c.client = begin_connect(family, port_of(listener), 0);
    c.server = must(accept(listener, NULL, NULL));
    name_ends(&c, c.names);
    return c;
}

static void talk(const struct connection *c, const char *what)
{
    unsigned char byte = 0;
    for (int i = 0; i < 2; i++) {
        must(write(i ? c->client : c->server, "xy" + i, 1));
        require(read(i ? c->server : c->client, &byte, 1) == 1 && byte == "xy"[i], "%s: the connection broke", what);
    }
}

static int unread_in(int fd)
{
    int bytes;
    must(ioctl(fd, FIONREAD, &bytes));
    return bytes;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    int v4 = listen_on(AF_INET, 8), both = listen_on(AF_INET6, 8), tight = listen_on(AF_INET, 0);

    struct connection plain[] = {open_to(v4, AF_INET), open_to(both, AF_INET6), open_to(both, AF_INET), open_to(v4, AF_INET)};
    enum { Plain = sizeof plain / sizeof plain[0] };
    set_option(plain[3].server, SOL_SOCKET, SO_REUSEADDR, 1);
    set_option(plain[3].server, SOL_TCP, TCP_NODELAY, 1);
    set_option(plain[3].client, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(plain[3].client, SOL_SOCKET, SO_RCVBUF, 30000);
    int receive_bytes = option(plain[3].client, SOL_SOCKET, SO_RCVBUF), twin = must(dup(plain[0].server));
    must(write(plain[1].client, "hello", 5)); /* read before the answer: acknowledged late */
    char text[8] = {0};
    require(read(plain[1].server, text, 5) == 5, "read");

    struct connection full = open_to(both, AF_INET);
    set_option(full.client, SOL_SOCKET, SO_SNDBUF, 300000);
    set_option(full.server, SOL_SOCKET, SO_RCVBUF, 60000);
    size_t up = fill_up(full.client, 1), down = fill_up(full.server, 2);
    int unread = unread_in(full.server);

    struct connection half = open_to(v4, AF_INET), closing = open_to(both, AF_INET6), quiet = open_to(v4, AF_INET);
    size_t halfway = fill_up(half.client, 3);
    must(shutdown(half.client, SHUT_WR)); /* FIN-WAIT-1 behind a full queue */
    size_t one = fill_up(closing.client, 4), other = fill_up(closing.server, 5);
    must(shutdown(closing.client, SHUT_WR));
    must(shutdown(closing.server, SHUT_WR));
    must(write(quiet.client, "last", 4));
    must(shutdown(quiet.client, SHUT_WR)); /* FIN-WAIT-2 and CLOSE-WAIT */
    must(shutdown(quiet.client, SHUT_RD));

    struct connection left = open_to(v4, AF_INET), reset = open_to(both, AF_INET6), ended = open_to(v4, AF_INET);
    must(write(left.server, "left", 4));
    close(left.server); /* its peer is in CLOSE-WAIT */
    must(write(reset.client, "unread", 6));
    must(write(reset.server, "reset", 5));
    close(reset.client);
    must(write(ended.client, "ended", 5));
    must(shutdown(ended.client, SHUT_WR));
    must(shutdown(ended.server, SHUT_WR));
    struct pollfd file = {ended.client, POLLIN, 0};
    require(poll(&file, 1, 20000) == 1 && read(ended.client, text, 1) == 0, "no end");

    int waiting = begin_connect(AF_INET, port_of(v4), 0), shut = begin_connect(AF_INET6, port_of(both), 0);
    must(shutdown(shut, SHUT_WR));
    int held = must(socket(AF_INET, SOCK_STREAM, 0)); /* does not listen */
    union address nowhere = loopback(AF_INET, 0);
    must(bind(held, &nowhere.any, sizeof nowhere.v4));
    int refused = begin_connect(AF_INET, port_of(held), SOCK_NONBLOCK);
    int first = begin_connect(AF_INET, port_of(tight), 0), late = begin_connect(AF_INET, port_of(tight), SOCK_NONBLOCK);
    struct tcp_info info;
    socklen_t length = sizeof info;
    must(getsockopt(late, SOL_TCP, TCP_INFO, &info, &length));
    require(info.tcpi_state == TCP_SYN_SENT, "a queue of 1 took more");
    ready_and_wait();

    for (int i = 0; i < Plain; i++) {
        union address names[4];
        name_ends(&plain[i], names);
        require(memcmp(names, plain[i].names, sizeof names) == 0, "the addresses of connection %d are others", i);
        talk(&plain[i], "a plain connection");
    }
    require(write(twin, "t", 1) == 1 && read(plain[0].client, text, 1) == 1 && text[0] == 't', "two descriptors of one socket");
    require(option(plain[3].server, SOL_SOCKET, SO_REUSEADDR) == 1 && option(plain[0].server, SOL_SOCKET, SO_REUSEADDR) == 0, "SO_REUSEADDR");
    require(option(plain[3].server, SOL_TCP, TCP_NODELAY) && !option(plain[3].client, SOL_TCP, TCP_NODELAY) && option(plain[3].client, SOL_SOCKET, SO_KEEPALIVE), "options");
    require(option(plain[3].client, SOL_SOCKET, SO_RCVBUF) == receive_bytes, "SO_RCVBUF");

    require(unread_in(full.server) >= unread, "%d bytes are there instead of %d", unread_in(full.server), unread);
    drain(full.server, up, 1, 0, "up");
    drain(full.client, down, 2, 0, "down");
    talk(&full, "a drained connection");
    must(write(half.server, "z", 1));
    require(read(half.client, text, 1) == 1 && text[0] == 'z', "a half-closed connection");
    drain(half.server, halfway, 3, 1, "half-closed");
    drain(closing.server, one, 4, 1, "closing");
    drain(closing.client, other, 5, 1, "closing on the other side");
    require(write(closing.client, "x", 1) == -1 && errno == EPIPE, "a shut direction is open");
    require(read(quiet.server, text, 8) == 4 && memcmp(text, "last", 4) == 0 && read(quiet.server, text, 1) == 0, "a quiet end");
    require(read(quiet.client, text, 1) == 0, "a direction shut for reading is open");
    must(write(quiet.server, "x", 1));

    require(read(left.client, text, 8) == 4 && memcmp(text, "left", 4) == 0 && read(left.client, text, 1) == 0, "an end whose peer was closed");
    require(read(reset.server, text, 8) == 6 && memcmp(text, "unread", 6) == 0, "what came before a reset");
    require(read(reset.server, text, 1) == -1 && errno == ECONNRESET, "an end that was reset (%s)", strerror(errno));
    require(write(reset.server, "x", 1) == -1 && errno == EPIPE, "an end that was reset is open");
    require(read(ended.server, text, 8) == 5 && memcmp(text, "ended", 5) == 0 && read(ended.server, text, 1) == 0, "an end behind its end");
    union address peer = peer_of(ended.client, &ended.names[1]);
    require(memcmp(&peer, &ended.names[1], sizeof peer) == 0, "the peer of an ended client is another");
    require(read(ended.client, text, 1) == 0 && write(ended.client, "x", 1) == -1 && errno == EPIPE, "an ended client");

    struct connection accepted = {.client = waiting, .server = must(accept(v4, NULL, NULL))};
    talk(&accepted, "a connection that waited");
    int from = must(accept(both, NULL, NULL));
    require(read(from, text, 1) == 0, "a shut connection that waited");
    require(write(from, "w", 1) == 1 && read(shut, text, 1) == 1 && text[0] == 'w', "the other direction of it");
    require(option(refused, SOL_SOCKET, SO_ERROR) == ECONNREFUSED, "the refusal is lost");
    struct connection through = {.client = first, .server = must(accept(tight, NULL, NULL))};
    talk(&through, "the first of a full queue");
    through.server = must(accept(tight, NULL, NULL)); /* its SYN is sent once more every second */
    through.client = late;
    set_option(late, SOL_SOCKET, SO_RCVLOWAT, 1);
    must(fcntl(late, F_SETFL, 0));
    talk(&through, "a connection that was being made");
    require(port_of(held) != 0, "a bound port");
    return pass();
}
