/*
 * A computation of three threads as users run it: each iterates over a block of memory, progress goes through stdio to
 * standard output, line by line. Every line is there once, in order, and the result is right.
 */
#include "program.h"

enum { Threads = 3, Words = 1 << 17 };
static volatile int stop;
static uint64_t *blocks[Threads], turns[Threads];

static void turn(uint64_t *block, uint64_t number)
{
    for (int i = 0; i < Words; i++)
        block[i] = mix(block[i] ^ block[(i * 7 + (int)(number & 1023)) & (Words - 1)]);
}

static void *work(void *argument)
{
    long id = (long)argument;
    while (!stop) {
        turn(blocks[id], turns[id]++);
        if (turns[id] % 50 == 0)
            printf("thread %ld turn %lu\n", id, turns[id]);
    }
    return NULL;
}

static void check_log(void)
{
    FILE *file = fopen("/proc/self/fd/1", "re");
    char line[256];
    uint64_t last[Threads] = {0};
    long id;
    unsigned long number;
    require(file != NULL, "cannot read the log: %s", strerror(errno));
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "thread %ld turn %lu", &id, &number) != 2)
            continue;
        require(number == last[id] + 50, "log of thread %ld goes from %lu to %lu", id, last[id], number);
        last[id] = number;
    }
    fclose(file);
    for (int i = 0; i < Threads; i++)
        require(last[i] == turns[i] / 50 * 50, "log of thread %d ends at %lu of %lu", i, last[i], turns[i]);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 4096);
    pthread_t threads[Threads];
    for (long i = 0; i < Threads; i++) {
        blocks[i] = malloc(Words * 8);
        fill(blocks[i], Words * 8, (uint64_t)i);
        threads[i] = start_thread(work, (void *)i);
    }
    wait_until(*(volatile uint64_t *)&turns[0] > 20, "no progress");
    ready_and_wait();
    stop = 1;
    for (int i = 0; i < Threads; i++)
        join(threads[i]);
    fflush(stdout);
    check_log();
    uint64_t *again = malloc(Words * 8);
    for (int i = 0; i < Threads; i++) {
        fill(again, Words * 8, (uint64_t)i);
        for (uint64_t n = 0; n < turns[i]; n++)
            turn(again, n);
        require(memcmp(again, blocks[i], Words * 8) == 0, "thread %d computed another value in %lu turns", i, turns[i]);
    }
    return pass();
}
