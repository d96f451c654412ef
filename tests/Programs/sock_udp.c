/*
 * UDP and UDP-Lite over IPv4 and IPv6: unbound, bound, connected, with unread datagrams of several senders, the first of them empty, shut down, with options and
 * with a filter that takes some datagrams only.
 */
#include "socket_options.h"
#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static socklen_t size_of(int family) { return family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6); }

static union address name_of(int fd)
{
    union address address = {0};
    socklen_t length = sizeof address;
    must(getsockname(fd, &address.any, &length));
    return address;
}

static int bound(int family, int protocol)
{
    union address address = {0};
    int fd = must(socket(family, SOCK_DGRAM, protocol));
    address.any.sa_family = (sa_family_t)family;
    if (family == AF_INET)
        address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else
        address.v6.sin6_addr = in6addr_loopback;
    must(bind(fd, &address.any, size_of(family)));
    return fd;
}

static void send_to(int from, int to, int family, const char *text)
{
    union address address = name_of(to);
    must(sendto(from, text, strlen(text), 0, &address.any, size_of(family)));
}

static void expect_from(int fd, const char *text, const union address *sender)
{
    char got[64] = {0};
    union address from = {0};
    socklen_t length = sizeof from;
    ssize_t bytes = recvfrom(fd, got, sizeof got - 1, MSG_DONTWAIT, &from.any, &length);
    require(bytes == (ssize_t)strlen(text) && strcmp(got, text) == 0, "'%s' (%zd) instead of '%s'", got, bytes, text);
    require(sender == NULL || memcmp(&from, sender, length) == 0, "'%s' comes from another", text);
}

static void expect_nothing(int fd)
{
    char byte;
    require(recv(fd, &byte, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN, "one more datagram is there");
}

struct set {
    int family, receiver, sender, first, second;
    union address gone;
};

static struct set make(int family, int protocol)
{
    struct set set = {.family = family, .receiver = bound(family, protocol), .sender = bound(family, protocol)};
    int gone = bound(family, protocol);
    set.gone = name_of(gone);
    send_to(set.sender, set.receiver, family, "");
    send_to(set.sender, set.receiver, family, "from one");
    send_to(gone, set.receiver, family, "from the dead");
    send_to(set.sender, set.receiver, family, "again");
    close(gone);
    set.first = bound(family, protocol);
    set.second = bound(family, protocol);
    union address first = name_of(set.first), second = name_of(set.second);
    must(connect(set.first, &second.any, size_of(family)));
    must(connect(set.second, &first.any, size_of(family)));
    must(send(set.first, "to a peer", 9, 0));
    return set;
}

static void check(const struct set *set)
{
    union address sender = name_of(set->sender);
    expect_from(set->receiver, "", &sender);
    expect_from(set->receiver, "from one", &sender);
    expect_from(set->receiver, "from the dead", &set->gone);
    expect_from(set->receiver, "again", &sender);
    expect_nothing(set->receiver);
    expect_from(set->second, "to a peer", NULL);
    must(send(set->second, "answer", 6, 0));
    expect_from(set->first, "answer", NULL);
    send_to(set->sender, set->first, set->family, "from a stranger");
    expect_nothing(set->first);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    struct set sets[] = {make(AF_INET, 0), make(AF_INET6, 0), make(AF_INET, IPPROTO_UDPLITE)};
    int unbound = must(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)), filtered = bound(AF_INET, 0), half = bound(AF_INET, 0), deaf = bound(AF_INET, 0);
    set_option(unbound, SOL_SOCKET, SO_BROADCAST, 1);
    set_option(unbound, IPPROTO_IP, IP_TTL, 33);
    set_option(unbound, IPPROTO_IP, IP_TOS, 0x10);
    set_option(unbound, SOL_SOCKET, SO_RCVBUF, 50000);
    set_option(sets[1].sender, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    /* Datagrams that begin with 'y', behind the header of UDP. */
    struct sock_filter code[] = {{BPF_LD | BPF_B | BPF_ABS, 0, 0, 8}, {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 'y'}, {BPF_RET | BPF_K, 0, 0, 0xffff}, {BPF_RET | BPF_K, 0, 0, 0}};
    struct sock_fprog program = {4, code};
    must(setsockopt(filtered, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
    send_to(unbound, filtered, AF_INET, "yes");
    union address peer = name_of(filtered);
    must(connect(half, &peer.any, sizeof peer.v4));
    must(shutdown(half, SHUT_WR));
    must(connect(deaf, &peer.any, sizeof peer.v4));
    must(shutdown(deaf, SHUT_RDWR));
    int buffer = option(unbound, SOL_SOCKET, SO_RCVBUF), pristine = must(socket(AF_INET6, SOCK_DGRAM, 0));
    ready_and_wait();

    for (int i = 0; i < 3; i++)
        check(&sets[i]);
    require(option(unbound, SOL_SOCKET, SO_BROADCAST) == 1 && option(unbound, IPPROTO_IP, IP_TTL) == 33 && option(unbound, IPPROTO_IP, IP_TOS) == 0x10, "an option is lost");
    require(option(unbound, SOL_SOCKET, SO_RCVBUF) == buffer, "the buffer has another size");
    require(option(sets[1].sender, IPPROTO_IPV6, IPV6_RECVPKTINFO) == 1 && option(sets[0].sender, SOL_SOCKET, SO_BROADCAST) == 0, "an option is lost");
    require(must(fcntl(unbound, F_GETFL)) == (O_RDWR | O_NONBLOCK), "flags are lost");
    expect_from(filtered, "yes", NULL);
    send_to(unbound, filtered, AF_INET, "no");
    send_to(unbound, filtered, AF_INET, "y again");
    expect_from(filtered, "y again", NULL);
    expect_nothing(filtered);
    char byte;
    require(send(half, "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE, "a shut direction is open");
    require(recv(half, &byte, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN, "the other direction is shut");
    require(recv(deaf, &byte, 1, 0) == 0, "a socket that was shut down waits");
    union address own = name_of(pristine);
    require(own.v6.sin6_port == 0, "an unbound socket is bound");
    return pass();
}
