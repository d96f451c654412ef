/* Thread-local storage, pthread keys with destructors, errno and stack variables of ten threads. */
#include "program.h"

enum { Threads = 10 };
static __thread uint64_t slot = 0x1111, zeroed;
static __thread char block[5000];
static pthread_key_t key;
static int destroyed;
static volatile int stop;
static pthread_barrier_t started;

static void destroy(void *value)
{
    (void)value;
    __atomic_add_fetch(&destroyed, 1, __ATOMIC_SEQ_CST);
}

static void *work(void *argument)
{
    uint64_t id = (uint64_t)(long)argument, local[64];
    require(slot == 0x1111 && zeroed == 0, "fresh thread storage is dirty");
    slot = mix(id);
    zeroed = ~id;
    fill(block, sizeof block, id);
    fill(local, sizeof local, id + 500);
    zero(pthread_setspecific(key, (void *)(id + 1)));
    errno = (int)id + 1000;
    pthread_barrier_wait(&started);
    while (!stop)
        ;
    require(errno == (int)id + 1000, "thread %lu: errno is %d", id, errno);
    require(slot == mix(id) && zeroed == ~id, "thread %lu: thread-local words", id);
    require(differs(block, sizeof block, id) < 0, "thread %lu: thread-local block", id);
    require(differs(local, sizeof local, id + 500) < 0, "thread %lu: stack", id);
    require(pthread_getspecific(key) == (void *)(id + 1), "thread %lu: key", id);
    return (void *)slot;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    zero(pthread_key_create(&key, destroy));
    zero(pthread_barrier_init(&started, NULL, Threads + 1));
    pthread_t threads[Threads];
    for (long i = 0; i < Threads; i++)
        threads[i] = start_thread(work, (void *)i);
    slot = 77;
    pthread_barrier_wait(&started);
    ready_and_wait();
    require(slot == 77, "main thread: thread-local word");
    stop = 1;
    for (uint64_t i = 0; i < Threads; i++)
        require((uint64_t)join(threads[i]) == mix(i), "result of thread %lu", i);
    require(destroyed == Threads, "%d destructors ran", destroyed);
    zero(pthread_barrier_init(&started, NULL, 1));
    join(start_thread(work, (void *)99L)); /* a new thread gets fresh storage */
    return pass();
}
