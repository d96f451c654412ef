/*
 * A connection whose other end a process outside of the job holds: the intermediate child ends, so its child is adopted by init.
 * @refused outside the job
 */
#include "program.h"
#include <sys/socket.h>

int main(int argc, char **argv)
{
    begin(argc, argv);
    int ends[2], told[2];
    pid_t other = 0;
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    must(pipe2(told, O_CLOEXEC));
    pid_t child = must(fork());
    if (child == 0) {
        if (must(fork()) != 0)
            _exit(0);
        other = getpid();
        must(write(told[1], &other, sizeof other));
        close(told[0]);
        close(told[1]);
        close(ends[0]);
        char byte;
        _exit(read(ends[1], &byte, 1) == 1 ? 0 : 1); /* ends with us */
    }
    must(waitpid(child, NULL, 0));
    must(read(told[0], &other, sizeof other));
    close(told[0]);
    close(told[1]);
    close(ends[1]);
    ready_and_wait();
    must(write(ends[0], "x", 1));
    return pass();
}
