/*
 * Raw sockets with their filters of ICMP types, one with a packet that is not read, netlink sockets with port, groups and options, an address that is not this host's
 * (IP_FREEBIND, on and off again), a socket bound to a device. Needs root.
 */
#include "socket_options.h"
#include <arpa/inet.h>
#include <linux/icmp.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

static struct sockaddr_nl name_of(int fd)
{
    struct sockaddr_nl name = {0};
    socklen_t length = sizeof name;
    must(getsockname(fd, (struct sockaddr *)&name, &length));
    return name;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    int raw = must(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)), raw6 = must(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
    set_option(raw, SOL_RAW, ICMP_FILTER, 0x55);
    set_option(raw, IPPROTO_IP, IP_HDRINCL, 1);
    struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    must(bind(raw, (struct sockaddr *)&loopback, sizeof loopback));

    int heard = must(socket(AF_INET, SOCK_RAW, IPPROTO_UDP)), talker = must(socket(AF_INET, SOCK_DGRAM, 0));
    struct sockaddr_in discard = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(9)};
    must(sendto(talker, "x", 1, 0, (struct sockaddr *)&discard, sizeof discard));
    close(talker);

    int link = must(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)), plain = must(socket(AF_NETLINK, SOCK_DGRAM, NETLINK_ROUTE));
    struct sockaddr_nl name = {.nl_family = AF_NETLINK, .nl_pid = 0x40000000u + (unsigned)getpid(), .nl_groups = 0x10};
    must(bind(link, (struct sockaddr *)&name, sizeof name));
    set_option(link, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, RTNLGRP_BRVLAN);
    set_option(link, SOL_NETLINK, NETLINK_NO_ENOBUFS, 1);
    name = name_of(link);

    struct sockaddr_in foreign = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000201), .sin_port = 0}, now = {0};
    int free_one = must(socket(AF_INET, SOCK_DGRAM, 0)), unfree = must(socket(AF_INET, SOCK_STREAM, 0)), device = must(socket(AF_INET, SOCK_DGRAM, 0));
    set_option(free_one, IPPROTO_IP, IP_FREEBIND, 1);
    set_option(unfree, IPPROTO_IP, IP_FREEBIND, 1);
    must(bind(free_one, (struct sockaddr *)&foreign, sizeof foreign));
    must(bind(unfree, (struct sockaddr *)&foreign, sizeof foreign));
    set_option(unfree, IPPROTO_IP, IP_FREEBIND, 0);
    must(setsockopt(device, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
    ready_and_wait();

    require(option(raw, SOL_RAW, ICMP_FILTER) == 0x55 && option(raw, IPPROTO_IP, IP_HDRINCL) == 1 && option(raw6, SOL_SOCKET, SO_TYPE) == SOCK_RAW && option(heard, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_UDP, "a raw socket is another");
    socklen_t length = sizeof now;
    must(getsockname(raw, (struct sockaddr *)&now, &length));
    require(now.sin_addr.s_addr == htonl(INADDR_LOOPBACK), "the raw socket is not bound");
    struct sockaddr_nl after = name_of(link);
    require(memcmp(&after, &name, sizeof name) == 0 && option(link, SOL_NETLINK, NETLINK_NO_ENOBUFS) == 1, "a netlink socket is another");
    uint32_t groups[16] = {0};
    length = sizeof groups;
    must(getsockopt(link, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, groups, &length));
    require(groups[0] == 0x10 && groups[(RTNLGRP_BRVLAN - 1) / 32] & (1u << ((RTNLGRP_BRVLAN - 1) % 32)), "a group is lost");
    require(name_of(plain).nl_pid == 0 && name_of(plain).nl_groups == 0, "an unbound netlink socket is bound");
    length = sizeof now;
    must(getsockname(unfree, (struct sockaddr *)&now, &length));
    require(now.sin_addr.s_addr == foreign.sin_addr.s_addr && option(unfree, IPPROTO_IP, IP_FREEBIND) == 0 && option(free_one, IPPROTO_IP, IP_FREEBIND) == 1, "IP_FREEBIND is lost");
    char bound_to[16] = {0};
    length = sizeof bound_to;
    must(getsockopt(device, SOL_SOCKET, SO_BINDTODEVICE, bound_to, &length));
    require(strcmp(bound_to, "lo") == 0, "bound to device '%s'", bound_to);
    return pass();
}
