/*
 * Waits for a pipe through epoll.
 * @refused poll
 */
#include "program.h"
#include <sys/epoll.h>

int main(int argc, char **argv)
{
    begin(argc, argv);
    int ends[2], epoll = must(epoll_create1(EPOLL_CLOEXEC));
    must(pipe(ends));
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 4711}, got = {0};
    must(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
    ready_and_wait();
    must(write(ends[1], "x", 1));
    require(epoll_wait(epoll, &got, 1, 5000) == 1 && got.data.u64 == 4711, "epoll is silent");
    return pass();
}
