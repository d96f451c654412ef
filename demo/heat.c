/*
 * The job of the demonstration: heat spreads over a plate, computed by three threads that meet at a barrier after every
 * step. Knows nothing of checkpoints. Logs its progress to standard output and writes the result to a file at the end.
 *
 *   heat RESULT [STEPS]      20 ms a step and what the computation takes, so that it lasts as long on any machine
 *
 * The same steps give the same log and the same result, bit for bit.
 */
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { Width = 2048, Height = 2048, Threads = 3, LogEvery = 10 };

static double *now, *next, partial_sums[Threads], partial_peaks[Threads];
static pthread_barrier_t barrier;
static int steps = 600;

static double *cell(double *plate, int row, int column) { return &plate[(size_t)row * Width + (size_t)column]; }

/* One thread's share of the rows; the rim keeps its temperature. */
static void spread(int first, int last, int thread)
{
    double sum = 0, peak = 0;
    for (int row = first; row < last; row++)
        for (int column = 1; column < Width - 1; column++) {
            double here = *cell(now, row, column);
            double around = *cell(now, row - 1, column) + *cell(now, row + 1, column) + *cell(now, row, column - 1) +
                            *cell(now, row, column + 1);
            double then = here + 0.2 * (around - 4 * here);
            *cell(next, row, column) = then;
            sum += then;
            peak = then > peak ? then : peak;
        }
    partial_sums[thread] = sum;
    partial_peaks[thread] = peak;
}

static void log_step(int step)
{
    double sum = 0, peak = 0;
    for (int thread = 0; thread < Threads; thread++) {
        sum += partial_sums[thread];
        peak = fmax(peak, partial_peaks[thread]);
    }
    if (step % LogEvery == 0)
        printf("step %d of %d: mean %.9f, peak %.9f\n", step, steps, sum / ((double)Width * Height), peak);
}

static void *work(void *argument)
{
    int thread = (int)(intptr_t)argument;
    int first = thread * Height / Threads, last = (thread + 1) * Height / Threads;
    first = first == 0 ? 1 : first;
    last = last == Height ? Height - 1 : last;
    for (int step = 1; step <= steps; step++) {
        spread(first, last, thread);
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
            double *swap = now;
            now = next;
            next = swap;
            log_step(step);
            nanosleep(&(struct timespec){0, 20000000}, NULL);
        }
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

static void heat_up(double *plate)
{
    uint32_t random = 12345;
    for (int spot = 0; spot < 40; spot++) {
        random = random * 1664525u + 1013904223u;
        int row = 20 + (int)(random >> 8) % (Height - 40), column = 20 + (int)(random >> 4) % (Width - 40);
        for (int y = -8; y <= 8; y++)
            for (int x = -8; x <= 8; x++)
                *cell(plate, row + y, column + x) = 100.0 + spot;
    }
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s RESULT [STEPS]\n", argv[0]);
        return 2;
    }
    if (argc > 2)
        steps = atoi(argv[2]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    now = calloc((size_t)Width * Height, sizeof *now);
    next = calloc((size_t)Width * Height, sizeof *next);
    if (now == NULL || next == NULL || pthread_barrier_init(&barrier, NULL, Threads) != 0)
        return 1;
    heat_up(now);
    pthread_t threads[Threads];
    for (intptr_t thread = 0; thread < Threads; thread++)
        if (pthread_create(&threads[thread], NULL, work, (void *)thread) != 0)
            return 1;
    for (int thread = 0; thread < Threads; thread++)
        pthread_join(threads[thread], NULL);

    uint64_t sum = 0xcbf29ce484222325u; /* FNV-1a over every bit of the plate */
    for (size_t i = 0; i < (size_t)Width * Height * sizeof *now; i++)
        sum = (sum ^ ((unsigned char *)now)[i]) * 0x100000001b3u;
    FILE *result = fopen(argv[1], "w");
    if (result == NULL || fprintf(result, "checksum %016lx after %d steps\n", (unsigned long)sum, steps) < 0 || fclose(result) != 0)
        return 1;
    printf("finished\n");
    return 0;
}
