/*
 * Threads are born and die all the time, some joined, some detached: a freeze must catch every one, and creation and
 * death work on after the restore. Every thread's result counts.
 * @thread-state
 */
#include "program.h"

enum { Spawners = 2, Batch = 6 };
static volatile int stop;
static volatile uint64_t batches[Spawners];
static uint64_t born, died;

static void *short_lived(void *argument)
{
    uint64_t state = (uint64_t)argument;
    for (int i = 0; i < 2000; i++)
        state = mix(state);
    __atomic_add_fetch(&died, 1, __ATOMIC_SEQ_CST);
    return (void *)state;
}

static void *spawner(void *argument)
{
    long id = (long)argument;
    while (!stop) {
        pthread_t threads[Batch];
        for (uint64_t i = 0; i < Batch; i++) {
            threads[i] = start_thread(short_lived, (void *)(batches[id] * Batch + i));
            __atomic_add_fetch(&born, 1, __ATOMIC_SEQ_CST);
        }
        for (uint64_t i = 1; i < Batch; i++) {
            uint64_t state = batches[id] * Batch + i;
            for (int turn = 0; turn < 2000; turn++)
                state = mix(state);
            require((uint64_t)join(threads[i]) == state, "result of a thread of batch %lu", batches[id]);
        }
        zero(pthread_detach(threads[0]));
        batches[id]++;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    pthread_t spawners[Spawners];
    for (long i = 0; i < Spawners; i++)
        spawners[i] = start_thread(spawner, (void *)i);
    wait_until(batches[0] > 20, "no threads are born");
    ready_and_wait();
    uint64_t before = batches[0] + batches[1];
    wait_until(batches[0] + batches[1] > before + 40, "no threads are born after the restore");
    stop = 1;
    for (int i = 0; i < Spawners; i++)
        join(spawners[i]);
    wait_until(__atomic_load_n(&died, __ATOMIC_SEQ_CST) == born, "%lu threads were born, %lu died", born, died);
    return pass();
}
