/*
 * Three threads write random words all the time and keep, apart from the memory, the sum of all words. A dump that is
 * not of one instant, or that misses one dirty page, breaks the sum.
 */
#include "program.h"

enum { Threads = 3, Words = 1 << 21 }; /* 16 MiB each */
static uint64_t *memory[Threads], sums[Threads];
static volatile uint64_t writes[Threads];
static volatile int stop;

static void *work(void *argument)
{
    long id = (long)argument;
    uint64_t state = (uint64_t)id + 1;
    while (!stop)
        for (int i = 0; i < 1000; i++) {
            state = mix(state);
            uint64_t *word = &memory[id][state % Words], value = state >> 7;
            sums[id] += value - *word;
            *word = value;
            writes[id]++;
        }
    return NULL;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    pthread_t threads[Threads];
    for (long i = 0; i < Threads; i++) {
        memory[i] = must(mmap(NULL, Words * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        threads[i] = start_thread(work, (void *)i);
    }
    ready_and_wait();
    uint64_t before = writes[0];
    wait_until(writes[0] > before + 1000, "thread 0 stands still");
    stop = 1;
    for (int i = 0; i < Threads; i++) {
        join(threads[i]);
        uint64_t sum = 0;
        for (int w = 0; w < Words; w++)
            sum += memory[i][w];
        require(sum == sums[i], "thread %d: sum %lx, should be %lx after %lu writes", i, sum, sums[i], writes[i]);
    }
    return pass();
}
