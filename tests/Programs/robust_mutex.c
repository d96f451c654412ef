/* A thread that dies with a robust mutex locked, after the restore: the kernel walks its robust list and marks it. */
#include "program.h"

static pthread_mutex_t robust, other;
static volatile int stop, locked;

static void *owner(void *unused)
{
    zero(pthread_mutex_lock(&robust));
    zero(pthread_mutex_lock(&other));
    locked = 1;
    while (!stop)
        nap_ms(1);
    return unused; /* dies as the owner of both */
}

static void *waiter(void *unused)
{
    int error = pthread_mutex_lock(&robust);
    require(error == EOWNERDEAD, "waiter got %s", strerror(error));
    zero(pthread_mutex_consistent(&robust));
    zero(pthread_mutex_unlock(&robust));
    return unused;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    pthread_mutexattr_t attributes;
    zero(pthread_mutexattr_init(&attributes));
    zero(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST));
    zero(pthread_mutex_init(&robust, &attributes));
    zero(pthread_mutex_init(&other, &attributes));
    pthread_t owning = start_thread(owner, NULL);
    wait_until(locked, "the owner does not lock");
    pthread_t waiting = start_thread(waiter, NULL);
    ready_and_wait();
    require(pthread_mutex_trylock(&other) == EBUSY, "the mutex is not locked any more");
    stop = 1;
    join(owning);
    join(waiting);
    int error = pthread_mutex_lock(&other);
    require(error == EOWNERDEAD, "main got %s", strerror(error));
    return pass();
}
