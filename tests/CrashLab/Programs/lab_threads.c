/*
 * Three threads that check before each turn what the last one left: their memory follows from the number of the turn, a sum of floating-point numbers runs along, and what they
 * print is there once and in order. Ends when the file SCRATCH.go is there.
 */
#include "../../Programs/program.h"

enum { Threads = 3, Bytes = 192 << 10, PauseMs = 10, LinesEvery = 20 };

static uint64_t *blocks[Threads], turns[Threads], total;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile int stop;

static uint64_t seed_of(long id, uint64_t number) { return (uint64_t)id * 0x100000000u + number * (Bytes / 8); }

static void *work(void *argument)
{
    long id = (long)argument;
    double sum = 0;
    while (!stop) {
        uint64_t last = turns[id];
        long wrong = differs(blocks[id], Bytes, seed_of(id, last));
        require(wrong < 0, "thread %ld finds word %ld of turn %lu wrong", id, wrong, last);
        require(sum == (double)last * (double)(last + 1) / 2, "thread %ld has the sum %f after %lu turns", id, sum, last);
        fill(blocks[id], Bytes, seed_of(id, last + 1));
        sum += (double)(last + 1);
        turns[id] = last + 1;
        zero(pthread_mutex_lock(&lock));
        total++;
        zero(pthread_mutex_unlock(&lock));
        if (turns[id] % LinesEvery == 0)
            say("thread %ld turn %lu", id, turns[id]);
        nap_ms(PauseMs);
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
        require(number == last[id] + LinesEvery, "log of thread %ld goes from %lu to %lu", id, last[id], number);
        last[id] = number;
    }
    fclose(file);
    for (int i = 0; i < Threads; i++)
        require(last[i] == turns[i] / LinesEvery * LinesEvery, "log of thread %d ends at %lu of %lu", i, last[i], turns[i]);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    must(nice(19)); /* dumps come first, in a machine that is slow enough */
    pthread_t threads[Threads];
    for (long i = 0; i < Threads; i++) {
        blocks[i] = malloc(Bytes);
        fill(blocks[i], Bytes, seed_of(i, 0));
        threads[i] = start_thread(work, (void *)i);
    }
    ready();
    wait_for_go_file();
    stop = 1;
    uint64_t all = 0;
    for (int i = 0; i < Threads; i++) {
        join(threads[i]);
        all += turns[i];
    }
    require(all == total, "the threads made %lu turns and counted %lu", all, total);
    check_log();
    return pass();
}
