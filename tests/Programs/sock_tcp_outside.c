/*
 * A TCP connection whose other end a process outside of the job holds: the intermediate child ends, so its child is adopted by init.
 * @refused outside of the job
 */
#include "program.h"
#include <arpa/inet.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    begin(argc, argv);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = must(socket(AF_INET, SOCK_STREAM, 0));
    must(bind(listener, (struct sockaddr *)&address, length));
    must(getsockname(listener, (struct sockaddr *)&address, &length));
    must(listen(listener, 4));
    pid_t child = must(fork());
    if (child == 0) {
        if (must(fork()) != 0)
            _exit(0);
        close(listener);
        int fd = must(socket(AF_INET, SOCK_STREAM, 0));
        must(connect(fd, (struct sockaddr *)&address, length));
        char byte;
        _exit(read(fd, &byte, 1) == 1 ? 0 : 1); /* ends with us */
    }
    must(waitpid(child, NULL, 0));
    int server = must(accept(listener, NULL, NULL));
    ready_and_wait();
    must(write(server, "x", 1));
    return pass();
}
