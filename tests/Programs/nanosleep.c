/*
 * Threads that sleep: relative with and without a remainder pointer, absolute, short and long. A sleep that spans the
 * dump must neither end early nor return EINTR, because no signal handler ran.
 * @thread-state
 */
#include "program.h"

static volatile int stop;

static void check_sleep(const char *kind, int error, uint64_t began, uint64_t asked)
{
    require(error == 0, "%s returned %s", kind, strerror(error));
    uint64_t slept = now_ns() - began;
    require(slept >= asked, "%s of %lu ns ended after %lu ns", kind, asked, slept);
}

static void *relative(void *milliseconds)
{
    while (!stop) {
        long ns = (long)milliseconds * 1000000;
        struct timespec ask = {ns / 1000000000, ns % 1000000000}, remainder;
        uint64_t began = now_ns();
        check_sleep("nanosleep", nanosleep(&ask, &remainder) == 0 ? 0 : errno, began, (uint64_t)ns);
    }
    return NULL;
}

static void *relative_null(void *milliseconds)
{
    while (!stop) {
        long ns = (long)milliseconds * 1000000;
        struct timespec ask = {ns / 1000000000, ns % 1000000000};
        uint64_t began = now_ns();
        check_sleep("nanosleep(NULL)", nanosleep(&ask, NULL) == 0 ? 0 : errno, began, (uint64_t)ns);
    }
    return NULL;
}

static void *clock_relative(void *milliseconds)
{
    while (!stop) {
        long ns = (long)milliseconds * 1000000;
        struct timespec ask = {ns / 1000000000, ns % 1000000000}, remainder;
        uint64_t began = now_ns();
        check_sleep("clock_nanosleep", clock_nanosleep(CLOCK_MONOTONIC, 0, &ask, &remainder), began, (uint64_t)ns);
    }
    return NULL;
}

static void *absolute(void *milliseconds)
{
    while (!stop) {
        struct timespec at = after_ms(CLOCK_MONOTONIC, (long)milliseconds);
        zero(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL));
        uint64_t end = (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
        require(now_ns() >= end, "absolute sleep ended early");
    }
    return NULL;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    pthread_t threads[12];
    int count = 0;
    for (long milliseconds = 7; milliseconds <= 1500; milliseconds *= 12) {
        threads[count++] = start_thread(relative, (void *)milliseconds);
        threads[count++] = start_thread(relative_null, (void *)milliseconds);
        threads[count++] = start_thread(clock_relative, (void *)milliseconds);
        threads[count++] = start_thread(absolute, (void *)milliseconds);
    }
    ready_and_wait();
    stop = 1;
    while (count > 0)
        join(threads[--count]);
    return pass();
}
