/*
 * Threads in poll, ppoll, select and pselect on a pipe that stays silent. A wait that spans the dump must time out,
 * not early, and never return EINTR. One thread waits without a timeout until data comes.
 * @thread-state
 */
#include "program.h"
#include <poll.h>
#include <sys/select.h>

static int silent[2], spoken[2];
static volatile int stop;

static void check_timeout(const char *kind, int result, uint64_t began, long milliseconds)
{
    require(result == 0, "%s returned %d, %s", kind, result, strerror(errno));
    uint64_t waited = now_ns() - began;
    require(waited >= (uint64_t)milliseconds * 1000000, "%s of %ld ms ended after %lu ns", kind, milliseconds, waited);
}

static void *poller(void *milliseconds)
{
    while (!stop) {
        struct pollfd entry = {silent[0], POLLIN, 0};
        uint64_t began = now_ns();
        check_timeout("poll", poll(&entry, 1, (int)(long)milliseconds), began, (long)milliseconds);
    }
    return NULL;
}

static void *precise_poller(void *milliseconds)
{
    while (!stop) {
        struct pollfd entry = {silent[0], POLLIN, 0};
        struct timespec ask = {(long)milliseconds / 1000, (long)milliseconds % 1000 * 1000000};
        sigset_t mask;
        sigfillset(&mask);
        uint64_t began = now_ns();
        check_timeout("ppoll", ppoll(&entry, 1, &ask, &mask), began, (long)milliseconds);
    }
    return NULL;
}

static void *selecter(void *milliseconds)
{
    while (!stop) {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(silent[0], &set);
        struct timeval ask = {(long)milliseconds / 1000, (long)milliseconds % 1000 * 1000};
        uint64_t began = now_ns();
        check_timeout("select", select(silent[0] + 1, &set, NULL, NULL, &ask), began, (long)milliseconds);
    }
    return NULL;
}

static void *precise_selecter(void *milliseconds)
{
    while (!stop) {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(silent[0], &set);
        struct timespec ask = {(long)milliseconds / 1000, (long)milliseconds % 1000 * 1000000};
        uint64_t began = now_ns();
        check_timeout("pselect", pselect(silent[0] + 1, &set, NULL, NULL, &ask, NULL), began, (long)milliseconds);
    }
    return NULL;
}

static void *endless(void *unused)
{
    struct pollfd entry = {spoken[0], POLLIN, 0};
    int result = poll(&entry, 1, -1);
    require(result == 1 && entry.revents == POLLIN, "endless poll returned %d, %s", result, strerror(errno));
    return unused;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    must(pipe(silent));
    must(pipe(spoken));
    pthread_t threads[16];
    int count = 0;
    threads[count++] = start_thread(endless, NULL);
    for (long milliseconds = 8; milliseconds <= 1400; milliseconds *= 12) {
        threads[count++] = start_thread(poller, (void *)milliseconds);
        threads[count++] = start_thread(precise_poller, (void *)milliseconds);
        threads[count++] = start_thread(selecter, (void *)milliseconds);
        threads[count++] = start_thread(precise_selecter, (void *)milliseconds);
    }
    ready_and_wait();
    stop = 1;
    must(write(spoken[1], "x", 1));
    while (count > 0)
        join(threads[--count]);
    return pass();
}
