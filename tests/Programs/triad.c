/*
 * The triad of STREAM, a = b + s * c, as fast as memory goes: what slows it down slows down a memory-bound job.
 *
 *   triad SCRATCH [MIB THREADS SECONDS huge|small]
 *
 * MIB is the size of the three arrays together. With "huge" they are advised to be of huge pages. SCRATCH.rate gets a record a
 * second: time (ns of CLOCK_MONOTONIC), and bytes moved since the start. Runs until SIGUSR1, or for SECONDS where not 0.
 */
#include "program.h"

enum { ThreadsMax = 64, Slice = 1 << 15, Huge = 2 << 20 };
typedef struct { double *a, *b, *c; size_t count; volatile uint64_t passes, bytes; } Part;
static Part parts[ThreadsMax];
static volatile int stop;

/* Changes with every pass, so that a page of an earlier one is noticed; exact in a double. */
static double factor(uint64_t pass) { return (double)(pass % 1000000 + 1); }

static void *work(void *argument)
{
    Part *p = argument;
    while (!stop) {
        double s = factor(p->passes);
        for (size_t from = 0; from < p->count; from += Slice) {
            size_t to = from + Slice < p->count ? from + Slice : p->count;
            for (size_t i = from; i < to; i++)
                p->a[i] = p->b[i] + s * p->c[i];
            p->bytes += (to - from) * 3 * sizeof(double);
        }
        p->passes++;
    }
    return NULL;
}

static double *make_array(size_t count, double value, int is_huge)
{
    size_t bytes = (count * sizeof(double) + Huge - 1) / Huge * Huge;
    char *place = must(mmap(NULL, bytes + Huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    double *array = (double *)(((uintptr_t)place + Huge - 1) / Huge * Huge);
    if (is_huge)
        (void)madvise(array, bytes, MADV_HUGEPAGE); /* EINVAL where the kernel has none */
    for (size_t i = 0; i < count; i++)
        array[i] = value;
    return array;
}

static void record(int file, int threads)
{
    uint64_t line[2] = {now_ns(), 0};
    for (int i = 0; i < threads; i++)
        line[1] += parts[i].bytes;
    require(write(file, line, sizeof line) == sizeof line, "rate: %s", strerror(errno));
}

/* A record a second until SIGUSR1 or the end of the time. */
static void report(int threads, long seconds)
{
    int file = must(open(scratch_path("rate"), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
    uint64_t end = seconds > 0 ? now_ns() + (uint64_t)seconds * 1000000000u : ~0ull;
    struct timespec second = {1, 0};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    record(file, threads);
    ready();
    while (now_ns() < end && sigtimedwait(&set, NULL, &second) != SIGUSR1)
        record(file, threads);
    record(file, threads);
}

int main(int argc, char **argv)
{
    pthread_t threads[ThreadsMax];
    begin(argc, argv);
    size_t mib = argc > 2 ? (size_t)atol(argv[2]) : 24;
    int thread_count = argc > 3 ? atoi(argv[3]) : 2;
    long seconds = argc > 4 ? atol(argv[4]) : 0;
    int is_huge = argc > 5 && strcmp(argv[5], "huge") == 0;
    require(mib > 0 && thread_count > 0 && thread_count <= ThreadsMax, "arguments");
    for (int i = 0; i < thread_count; i++) {
        size_t count = (mib << 20) / 3 / sizeof(double) / (size_t)thread_count;
        parts[i] = (Part){make_array(count, 0, is_huge), make_array(count, 1, is_huge), make_array(count, 2, is_huge), count, 0, 0};
        threads[i] = start_thread(work, &parts[i]);
    }
    report(thread_count, seconds);
    stop = 1;
    for (int i = 0; i < thread_count; i++)
        join(threads[i]);
    for (int i = 0; i < thread_count; i++)
        for (size_t n = 0; n < parts[i].count; n++) {
            double wanted = parts[i].passes == 0 ? 0 : 1 + 2 * factor(parts[i].passes - 1);
            require(parts[i].a[n] == wanted && parts[i].b[n] == 1 && parts[i].c[n] == 2, "element %zu of thread %d is %g, should be %g", n, i,
                    parts[i].a[n], wanted);
        }
    return pass();
}
