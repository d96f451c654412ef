/*
 * epoll sets: many targets with events and data, a target whose descriptor number is another file's by now, one whose number was
 * closed while a duplicate lives on, a one-shot, a set within a set, and a thread that waits.
 */
#include "program.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>

enum { Many = 300 };
static int inner_set, waited;

static void add(int set, int fd, uint32_t events, uint64_t data)
{
    struct epoll_event event = {.events = events, .data.u64 = data};
    must(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
}

static void raise_event(int fd)
{
    uint64_t one = 1;
    must(write(fd, &one, sizeof one));
}

/* Exactly this one is ready, and no more after it was read. */
static void expect(int set, int fd, uint64_t data, const char *what)
{
    struct epoll_event got[4] = {{0}};
    uint64_t value;
    int count = must(epoll_wait(set, got, 4, 5000));
    require(count == 1 && got[0].data.u64 == data, "%s: %d ready, the first has %lu", what, count, got[0].data.u64);
    must(read(fd, &value, sizeof value));
    require(must(epoll_wait(set, got, 4, 0)) == 0, "%s: ready again", what);
}

static void *await(void *unused)
{
    struct epoll_event got = {0};
    require(must(epoll_wait(waited, &got, 1, -1)) == 1 && got.data.u64 == 99, "the waiting thread got %lu", got.data.u64);
    return unused;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    static int many[Many];
    int set = must(epoll_create1(EPOLL_CLOEXEC)), outer = must(epoll_create1(0)), awaited = must(eventfd(0, 0));
    for (int i = 0; i < Many; i++)
        add(set, many[i] = must(eventfd(0, EFD_NONBLOCK)), EPOLLIN, (uint64_t)i << 32);
    int moved = must(eventfd(0, 0)), closed = must(eventfd(0, 0)), other = must(eventfd(0, 0)), once = must(eventfd(0, 0));
    add(set, moved, EPOLLIN, 1001);
    int moved_to = must(fcntl(moved, F_DUPFD, 900));
    must(dup2(other, moved)); /* its number now means another file */
    add(set, closed, EPOLLIN | EPOLLET, 1002);
    int closed_copy = must(fcntl(closed, F_DUPFD, 901));
    close(closed);
    add(set, once, EPOLLIN | EPOLLONESHOT, 1003);
    inner_set = must(epoll_create1(0));
    int inner = must(eventfd(0, 0));
    add(inner_set, inner, EPOLLIN, 1004);
    add(outer, inner_set, EPOLLIN, 1005);
    waited = must(epoll_create1(0));
    add(waited, awaited, EPOLLIN, 99);
    pthread_t thread = start_thread(await, NULL);
    ready_and_wait();

    require(must(fcntl(set, F_GETFD)) == FD_CLOEXEC, "close-on-exec is lost");
    for (int i = 0; i < Many; i += 37) {
        raise_event(many[i]);
        expect(set, many[i], (uint64_t)i << 32, "one of many");
    }
    raise_event(moved_to);
    expect(set, moved_to, 1001, "the moved one");
    raise_event(other);
    struct epoll_event none;
    require(must(epoll_wait(set, &none, 1, 0)) == 0, "a file that was never added is watched");
    raise_event(closed_copy);
    expect(set, closed_copy, 1002, "the closed one");
    raise_event(once);
    expect(set, once, 1003, "the one-shot");
    raise_event(once);
    require(must(epoll_wait(set, &none, 1, 0)) == 0, "the one-shot came twice");
    raise_event(inner);
    require(must(epoll_wait(outer, &none, 1, 5000)) == 1 && none.data.u64 == 1005, "the set within a set is silent");
    struct epoll_event changed = {.events = EPOLLIN, .data.u64 = 5};
    must(epoll_ctl(set, EPOLL_CTL_MOD, many[5], &changed));
    must(epoll_ctl(set, EPOLL_CTL_DEL, many[6], NULL));
    raise_event(awaited);
    join(thread);
    return pass();
}
