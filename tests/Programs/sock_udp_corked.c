/*
 * A UDP socket that holds back what was written.
 * @refused corked
 */
#include "program.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    begin(argc, argv);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int receiver = must(socket(AF_INET, SOCK_DGRAM, 0)), sender = must(socket(AF_INET, SOCK_DGRAM, 0)), on = 1, off = 0;
    must(bind(receiver, (struct sockaddr *)&address, length));
    must(getsockname(receiver, (struct sockaddr *)&address, &length));
    must(connect(sender, (struct sockaddr *)&address, length));
    must(setsockopt(sender, IPPROTO_UDP, UDP_CORK, &on, sizeof on));
    must(send(sender, "half", 4, 0));
    ready_and_wait();
    char got[16] = {0};
    must(send(sender, "whole", 5, 0));
    must(setsockopt(sender, IPPROTO_UDP, UDP_CORK, &off, sizeof off));
    require(recv(receiver, got, sizeof got - 1, MSG_DONTWAIT) == 9 && strcmp(got, "halfwhole") == 0, "the datagram is '%s'", got);
    return pass();
}
