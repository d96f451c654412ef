/*
 * A descriptor is in flight: in a message that was not read yet.
 * @refused SCM_RIGHTS
 */
#include "program.h"
#include <sys/socket.h>

int main(int argc, char **argv)
{
    begin(argc, argv);
    int ends[2], file = must(open("/dev/null", O_RDWR));
    char control[CMSG_SPACE(sizeof file)] = {0}, byte = 'x';
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof file);
    memcpy(CMSG_DATA(header), &file, sizeof file);
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    must(sendmsg(ends[0], &message, 0));
    ready_and_wait();
    must(recvmsg(ends[1], &message, 0));
    require(message.msg_controllen != 0, "the descriptor is lost");
    return pass();
}
