/*
 * Multicast groups of UDP sockets on the loopback interface, over IPv4 and IPv6: with every source, without one, with one source only, and joined by a
 * socket that is not bound. Each must still take what it took and nothing else, and can still be left.
 */
#include "socket_options.h"
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum { EVERY, BUT_ONE, ONLY_ONE };

static const char *group_of[] = {"239.255.42.1", "239.255.42.2", "239.255.42.3"};
static uint32_t loopback;

static struct sockaddr_in name_of(int fd)
{
    struct sockaddr_in name = {0};
    socklen_t length = sizeof name;
    must(getsockname(fd, (struct sockaddr *)&name, &length));
    return name;
}

static struct sockaddr_storage address(const char *text)
{
    struct sockaddr_storage storage = {.ss_family = AF_INET};
    require(inet_pton(AF_INET, text, &((struct sockaddr_in *)&storage)->sin_addr) == 1, "'%s'", text);
    return storage;
}

static struct sockaddr_in6 group6(int number)
{
    struct sockaddr_in6 group = {.sin6_family = AF_INET6};
    require(inet_pton(AF_INET6, "ff15::42:0", &group.sin6_addr) == 1, "an address");
    group.sin6_addr.s6_addr[15] = (uint8_t)number;
    return group;
}

static int bound_to(const char *host)
{
    int fd = must(socket(AF_INET, SOCK_DGRAM, 0));
    struct sockaddr_storage name = address(host);
    must(bind(fd, (struct sockaddr *)&name, sizeof(struct sockaddr_in)));
    struct ip_mreqn out = {.imr_ifindex = (int)loopback};
    must(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof out));
    /* Else a socket would take what any other of this host has joined. */
    set_option(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
    return fd;
}

static int member(int kind)
{
    int fd = bound_to("0.0.0.0");
    struct group_req all = {loopback, address(group_of[kind])};
    struct group_source_req one = {loopback, address(group_of[kind]), address("127.0.0.2")};
    if (kind != ONLY_ONE)
        must(setsockopt(fd, IPPROTO_IP, MCAST_JOIN_GROUP, &all, sizeof all));
    if (kind != EVERY)
        must(setsockopt(fd, IPPROTO_IP, kind == ONLY_ONE ? MCAST_JOIN_SOURCE_GROUP : MCAST_BLOCK_SOURCE, &one, sizeof one));
    return fd;
}

static void send_to(int from, int kind, int receiver)
{
    struct sockaddr_storage to = address(group_of[kind]);
    ((struct sockaddr_in *)&to)->sin_port = name_of(receiver).sin_port;
    must(sendto(from, "x", 1, 0, (struct sockaddr *)&to, sizeof(struct sockaddr_in)));
}

static int takes(int receiver, int kind, int from)
{
    char byte;
    send_to(from, kind, receiver);
    return recv(receiver, &byte, 1, MSG_DONTWAIT) == 1;
}

static void check(int members[3], int first, int second)
{
    require(takes(members[EVERY], EVERY, first) && takes(members[EVERY], EVERY, second), "a datagram to a group is lost");
    require(takes(members[BUT_ONE], BUT_ONE, first) && !takes(members[BUT_ONE], BUT_ONE, second), "a source is not blocked, or all are");
    require(!takes(members[ONLY_ONE], ONLY_ONE, first) && takes(members[ONLY_ONE], ONLY_ONE, second), "one source only: another is taken, or none");
    require(!takes(members[EVERY], BUT_ONE, first), "a socket is in a group that it has not joined");
}

/* Datagrams of IPv6 need a route that not every host has. */
static void check6(int fd, const struct ipv6_mreq *in)
{
    require(setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, in, sizeof *in) == -1 && errno == EADDRINUSE, "a group of IPv6 is lost");
    union {
        struct group_filter filter;
        char room[GROUP_FILTER_SIZE(4)];
    } sources = {.filter = {.gf_interface = loopback, .gf_numsrc = 4}};
    struct sockaddr_in6 group = group6(2);
    memcpy(&sources.filter.gf_group, &group, sizeof group);
    socklen_t length = sizeof sources;
    must(getsockopt(fd, IPPROTO_IPV6, MCAST_MSFILTER, &sources, &length));
    const struct sockaddr_in6 *source = (const struct sockaddr_in6 *)&sources.filter.gf_slist[0];
    require(sources.filter.gf_fmode == MCAST_EXCLUDE && sources.filter.gf_numsrc == 1, "the sources of a group of IPv6 are others");
    require(IN6_IS_ADDR_LOOPBACK(&source->sin6_addr), "the source is another");
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    loopback = if_nametoindex("lo");
    int members[] = {member(EVERY), member(BUT_ONE), member(ONLY_ONE)};
    int first = bound_to("127.0.0.1"), second = bound_to("127.0.0.2");
    int unbound = must(socket(AF_INET, SOCK_DGRAM, 0)), six = must(socket(AF_INET6, SOCK_DGRAM, 0));
    struct ip_mreqn in = {.imr_ifindex = (int)loopback};
    in.imr_multiaddr.s_addr = inet_addr("239.255.42.9");
    must(setsockopt(unbound, IPPROTO_IP, IP_ADD_MEMBERSHIP, &in, sizeof in));
    struct ipv6_mreq in6 = {group6(1).sin6_addr, loopback};
    must(setsockopt(six, IPPROTO_IPV6, IPV6_JOIN_GROUP, &in6, sizeof in6));
    struct sockaddr_in6 group = group6(2), source = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    struct group_req all = {.gr_interface = loopback};
    struct group_source_req one = {.gsr_interface = loopback};
    memcpy(&all.gr_group, &group, sizeof group);
    memcpy(&one.gsr_group, &group, sizeof group);
    memcpy(&one.gsr_source, &source, sizeof source);
    must(setsockopt(six, IPPROTO_IPV6, MCAST_JOIN_GROUP, &all, sizeof all));
    must(setsockopt(six, IPPROTO_IPV6, MCAST_BLOCK_SOURCE, &one, sizeof one));
    check(members, first, second);
    check6(six, &in6);
    ready_and_wait();

    check(members, first, second);
    check6(six, &in6);
    struct ip_mreq by_address = {{inet_addr(group_of[EVERY])}, {htonl(INADDR_LOOPBACK)}};
    must(setsockopt(members[EVERY], IPPROTO_IP, IP_DROP_MEMBERSHIP, &by_address, sizeof by_address));
    require(!takes(members[EVERY], EVERY, first), "a group cannot be left");
    must(setsockopt(unbound, IPPROTO_IP, IP_DROP_MEMBERSHIP, &in, sizeof in));
    require(setsockopt(unbound, IPPROTO_IP, IP_DROP_MEMBERSHIP, &in, sizeof in) == -1 && errno == EADDRNOTAVAIL, "a group was joined twice");
    must(setsockopt(six, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &in6, sizeof in6));
    require(setsockopt(six, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &in6, sizeof in6) == -1 && errno == EADDRNOTAVAIL, "a group of IPv6 was joined twice");
    return pass();
}
