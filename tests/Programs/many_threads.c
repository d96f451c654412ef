/* A hundred threads, some busy, some asleep, some waiting for a mutex; every one comes back with its result. */
#include "program.h"

enum { Threads = 100 };
static volatile int stop;
static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
static pthread_attr_t small;

static void *work(void *argument)
{
    long id = (long)argument;
    uint64_t turns = 0, state = (uint64_t)id;
    if (id % 10 == 0)
        for (; !stop; turns++)
            state = mix(state);
    else if (id % 2 == 0)
        while (!stop)
            nap_ms(5 + id);
    else {
        zero(pthread_mutex_lock(&held));
        zero(pthread_mutex_unlock(&held));
    }
    uint64_t again = (uint64_t)id;
    for (uint64_t i = 0; i < turns; i++)
        again = mix(again);
    require(state == again, "thread %ld computed another value", id);
    return (void *)(id * 3);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    zero(pthread_mutex_lock(&held));
    zero(pthread_attr_init(&small));
    zero(pthread_attr_setstacksize(&small, 128 * 1024));
    pthread_t threads[Threads];
    for (long i = 0; i < Threads; i++)
        zero(pthread_create(&threads[i], &small, work, (void *)i));
    ready_and_wait();
    stop = 1;
    zero(pthread_mutex_unlock(&held));
    for (long i = 0; i < Threads; i++)
        require(join(threads[i]) == (void *)(i * 3), "result of thread %ld", i);
    return pass();
}
