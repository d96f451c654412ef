/* POSIX threads of another libc: a pool that meets at barriers, with memory that is taken and given back all the time. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { Threads = 4, Cells = 1 << 12 };
static pthread_barrier_t begin, end;
static long *cells[Threads];
static int step;

static void *work(void *which)
{
    long me = (long)which;
    for (;;) {
        pthread_barrier_wait(&begin);
        long *fresh = malloc(Cells * sizeof *fresh);
        for (int i = 0; i < Cells; i++)
            fresh[i] = (cells[(me + 1) % Threads][i] * 31 + cells[me][(i + 7) % Cells] + i + step) % 1000003;
        pthread_barrier_wait(&end);
        free(cells[me]);
        cells[me] = fresh;
        pthread_barrier_wait(&begin);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    int steps = argc > 1 ? atoi(argv[1]) : 0;
    pthread_barrier_init(&begin, NULL, Threads + 1);
    pthread_barrier_init(&end, NULL, Threads + 1);
    for (long i = 0; i < Threads; i++) {
        pthread_t thread;
        cells[i] = calloc(Cells, sizeof(long));
        pthread_create(&thread, NULL, work, (void *)i);
    }
    for (step = 0; step < steps; step++) {
        long sum = 0;
        pthread_barrier_wait(&begin);
        pthread_barrier_wait(&end);
        pthread_barrier_wait(&begin);
        for (int i = 0; i < Threads * Cells; i++)
            sum = (sum * 7 + cells[i / Cells][i % Cells]) % 1000003;
        printf("step %d %ld\n", step, sum);
        fflush(stdout);
        if (argc > 2 && access(argv[2], F_OK) == 0)
            usleep(50000);
    }
    return 0;
}
