/*
 * TCP sockets without connections: unbound, bound, listening over IPv4, IPv6 and both, three that share a port, one of which has switched SO_REUSEPORT
 * off since, with options.
 */
#include "socket_options.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static union address name_of(int fd)
{
    union address address = {0};
    socklen_t length = sizeof address;
    must(getsockname(fd, &address.any, &length));
    return address;
}

static socklen_t size_of(const union address *address) { return address->any.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6; }

static int bound(int family, int shared, in_port_t port)
{
    union address address = {0};
    int fd = must(socket(family, SOCK_STREAM, 0));
    set_option(fd, SOL_SOCKET, SO_REUSEPORT, shared);
    address.any.sa_family = (sa_family_t)family;
    if (family == AF_INET) {
        address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.v4.sin_port = port;
    }
    must(bind(fd, &address.any, size_of(&address)));
    return fd;
}

static void serve(int listener, const union address *address)
{
    char byte = 0;
    int client = must(socket(address->any.sa_family, SOCK_STREAM, 0));
    must(connect(client, &address->any, size_of(address)));
    int server = must(accept(listener, NULL, NULL));
    must(write(client, "x", 1));
    require(read(server, &byte, 1) == 1 && byte == 'x', "a connection does not work");
    close(client);
    close(server);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    int fresh = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), held = bound(AF_INET, 0, 0), v4 = bound(AF_INET, 0, 0), both = bound(AF_INET6, 0, 0);
    int one = bound(AF_INET, 1, 0), two = bound(AF_INET, 1, name_of(one).v4.sin_port), off = bound(AF_INET, 1, name_of(one).v4.sin_port);
    set_option(off, SOL_SOCKET, SO_REUSEPORT, 0);
    int listeners[] = {v4, both, one, two};
    for (int i = 0; i < 4; i++)
        must(listen(listeners[i], 5 + i));
    struct linger linger = {1, 17};
    must(setsockopt(fresh, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
    int numbers[][3] = {{SOL_SOCKET, SO_KEEPALIVE, 1}, {SOL_TCP, TCP_KEEPIDLE, 77}, {SOL_TCP, TCP_KEEPINTVL, 7}, {SOL_TCP, TCP_KEEPCNT, 3},
        {SOL_TCP, TCP_NODELAY, 1}, {SOL_TCP, TCP_USER_TIMEOUT, 9000}, {SOL_TCP, TCP_SYNCNT, 4}, {SOL_SOCKET, SO_OOBINLINE, 1}, {SOL_SOCKET, SO_PRIORITY, 5},
        {SOL_SOCKET, SO_RCVLOWAT, 3}, {IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT}, {SOL_TCP, TCP_MAXSEG, 1000}, {SOL_TCP, TCP_DEFER_ACCEPT, 3}};
    enum { Options = sizeof numbers / sizeof numbers[0] };
    for (int i = 0; i < Options; i++) {
        set_option(fresh, numbers[i][0], numbers[i][1], numbers[i][2]);
        numbers[i][2] = option(fresh, numbers[i][0], numbers[i][1]);
    }
    union address names[4], held_name = name_of(held);
    for (int i = 0; i < 4; i++)
        names[i] = name_of(listeners[i]);
    serve(v4, &names[0]); /* leaves a connection in TIME-WAIT on its port */
    ready_and_wait();

    for (int i = 0; i < Options; i++)
        require(option(fresh, numbers[i][0], numbers[i][1]) == numbers[i][2], "option %d of level %d is %d instead of %d", numbers[i][1], numbers[i][0],
            option(fresh, numbers[i][0], numbers[i][1]), numbers[i][2]);
    socklen_t length = sizeof linger;
    must(getsockopt(fresh, SOL_SOCKET, SO_LINGER, &linger, &length));
    require(linger.l_onoff == 1 && linger.l_linger == 17, "SO_LINGER is lost");
    require(name_of(held).v4.sin_port == held_name.v4.sin_port && option(held, SOL_SOCKET, SO_ACCEPTCONN) == 0 && option(held, SOL_SOCKET, SO_REUSEADDR) == 0, "a bound socket is another");
    struct tcp_info info;
    length = sizeof info;
    must(getsockopt(both, SOL_TCP, TCP_INFO, &info, &length));
    require(info.tcpi_sacked == 6, "the queue is %u long", info.tcpi_sacked);
    serve(v4, &names[0]);
    union address loopback = {.v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT, .sin6_port = names[1].v6.sin6_port}};
    serve(both, &loopback);
    union address mapped = {.v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = names[1].v6.sin6_port}};
    serve(both, &mapped);
    require(option(one, SOL_SOCKET, SO_REUSEPORT) == 1 && option(two, SOL_SOCKET, SO_REUSEPORT) == 1 && option(v4, SOL_SOCKET, SO_REUSEPORT) == 0 && option(off, SOL_SOCKET, SO_REUSEPORT) == 0, "SO_REUSEPORT is lost");
    close(two);
    serve(one, &names[2]);
    must(listen(held, 1));
    serve(held, &held_name);
    return pass();
}
