/*
 * Threads that wait in futex: on a condition variable, on a mutex, on a barrier, in raw FUTEX_WAIT with a timeout.
 * A wait must not be lost, a timed wait must time out, not early, and never return EINTR.
 * @thread-state
 */
#include "program.h"
#include <linux/futex.h>

enum { Waiters = 4 };
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER, held = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static int is_open, woken, entered;
static volatile int stop;
static uint32_t word;

static void *condition_waiter(void *unused)
{
    zero(pthread_mutex_lock(&gate));
    while (!is_open)
        zero(pthread_cond_wait(&opened, &gate));
    woken++;
    zero(pthread_mutex_unlock(&gate));
    return unused;
}

static void *mutex_waiter(void *unused)
{
    zero(pthread_mutex_lock(&held));
    entered++;
    zero(pthread_mutex_unlock(&held));
    return unused;
}

static void *barrier_waiter(void *unused)
{
    pthread_barrier_wait(&barrier);
    return unused;
}

static void *condition_timer(void *milliseconds)
{
    while (!stop) {
        pthread_mutex_t mine = PTHREAD_MUTEX_INITIALIZER;
        pthread_cond_t never = PTHREAD_COND_INITIALIZER;
        struct timespec at = after_ms(CLOCK_REALTIME, (long)milliseconds);
        zero(pthread_mutex_lock(&mine));
        int error = 0; /* a wake-up without cause is allowed by POSIX */
        while (error == 0)
            error = pthread_cond_timedwait(&never, &mine, &at);
        require(error == ETIMEDOUT, "timed wait: %s", strerror(error));
        zero(pthread_mutex_unlock(&mine));
    }
    return NULL;
}

static void *raw_timer(void *milliseconds)
{
    while (!stop) {
        long ns = (long)milliseconds * 1000000;
        struct timespec ask = {ns / 1000000000, ns % 1000000000};
        uint64_t began = now_ns();
        long result = syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &ask, NULL, 0);
        require(result == -1 && errno == ETIMEDOUT, "FUTEX_WAIT returned %ld, %s", result, strerror(errno));
        uint64_t waited = now_ns() - began;
        require(waited >= (uint64_t)ns, "FUTEX_WAIT of %ld ns ended after %lu ns", ns, waited);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    pthread_t threads[Waiters * 3 + 6];
    int count = 0;
    zero(pthread_barrier_init(&barrier, NULL, Waiters + 1));
    zero(pthread_mutex_lock(&held));
    for (int i = 0; i < Waiters; i++) {
        threads[count++] = start_thread(condition_waiter, NULL);
        threads[count++] = start_thread(mutex_waiter, NULL);
        threads[count++] = start_thread(barrier_waiter, NULL);
    }
    for (long milliseconds = 9; milliseconds <= 1300; milliseconds *= 12) {
        threads[count++] = start_thread(condition_timer, (void *)milliseconds);
        threads[count++] = start_thread(raw_timer, (void *)milliseconds);
    }
    ready_and_wait();
    require(entered == 0 && woken == 0, "somebody woke early");
    zero(pthread_mutex_lock(&gate));
    is_open = 1;
    zero(pthread_cond_broadcast(&opened));
    zero(pthread_mutex_unlock(&gate));
    zero(pthread_mutex_unlock(&held));
    pthread_barrier_wait(&barrier);
    stop = 1;
    while (count > 0)
        join(threads[--count]);
    require(woken == Waiters && entered == Waiters, "woken %d, entered %d", woken, entered);
    return pass();
}
