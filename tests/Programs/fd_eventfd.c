/*
 * eventfd: a counter, a semaphore, flags, a descriptor that is shared, and a thread that waits for one.
 */
#include "program.h"
#include <sys/eventfd.h>

static int awaited;

static void *await(void *unused)
{
    uint64_t value = 0;
    require(read(awaited, &value, sizeof value) == sizeof value && value == 7, "the waiting thread read %lu", value);
    return unused;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    const uint64_t large = 0xfffffffffffffff0u;
    uint64_t value;
    int counter = must(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), semaphore = must(eventfd(5, EFD_SEMAPHORE | EFD_NONBLOCK));
    int again = must(dup(counter));
    awaited = must(eventfd(0, 0));
    must(write(counter, &large, sizeof large));
    pthread_t thread = start_thread(await, NULL);
    ready_and_wait();

    require(must(fcntl(counter, F_GETFL)) & O_NONBLOCK && must(fcntl(counter, F_GETFD)) == FD_CLOEXEC, "flags of the counter are lost");
    require(!(must(fcntl(awaited, F_GETFL)) & O_NONBLOCK), "a blocking eventfd is not any more");
    must(read(again, &value, sizeof value));
    require(value == large, "the counter was %lx", value);
    require(read(counter, &value, sizeof value) == -1 && errno == EAGAIN, "the second descriptor has a counter of its own");
    for (int i = 0; i < 5; i++)
        require(read(semaphore, &value, sizeof value) == sizeof value && value == 1, "the semaphore gave %lu at %d", value, i);
    require(read(semaphore, &value, sizeof value) == -1 && errno == EAGAIN, "the semaphore has more than 5");
    value = 7;
    must(write(awaited, &value, sizeof value));
    join(thread);
    return pass();
}
