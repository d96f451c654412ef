/*
 * Dirties a known part of its memory in a known time, and notes every time for which it stood still: the job of the benchmarks.
 *
 *   dirty_rate SCRATCH [MIB THREADS PERCENT PERIOD_MS PATTERN FILL [PAUSE_MS]]
 *
 * PERCENT of the pages are written in each PERIOD_MS, each once; with PERIOD_MS 0 they are written once for each SIGUSR2. On SIGUSR2
 * PERCENT and PERIOD_MS are read anew from SCRATCH.pace where that exists. PATTERN is
 * "scattered" or "contiguous"; FILL is "random" (does not compress), "half" (to about half) or "word" (one word of a page that
 * does not compress). SCRATCH.gaps gets a record of start and length, ns of CLOCK_MONOTONIC, of each gap between two
 * heartbeats that is longer than it should be; with PAUSE_MS all threads pause so long between two looks, so that many such jobs leave the processors free. SCRATCH.stats gets a record of Stats every 10 ms.
 */
#include "program.h"

enum { Page = 4096, Words = Page / 8, ThreadsMax = 64, HeartbeatNs = 200000, GapNs = 500000, StatsNs = 10000000, CatchUpTicks = 20 };
typedef struct { uint64_t now, pages, rounds, longest_gap; } Stats;
typedef struct { char *at; uint64_t first, pages, stride; volatile uint64_t written, rounds; } Worker;

static Worker workers[ThreadsMax];
static long mib = 16, thread_count = 2, pause_ms;
static volatile long period_ms = 100;
static volatile double percent = 1;
static const char *pattern = "scattered", *contents = "random";
static volatile uint64_t rounds_wanted;
static volatile int stop;

static void put(char *at, uint64_t page, uint64_t version)
{
    uint64_t *words = (uint64_t *)at, seed = mix(page) ^ version << 20;
    int used = contents[0] == 'h' ? Words / 2 : contents[0] == 'w' && version > 0 ? 1 : Words;
    for (int i = 0; i < used; i++)
        words[i] = mix(seed + (unsigned)i);
    for (int i = used; contents[0] == 'h' && i < Words; i++)
        words[i] = page;
}

static void write_next(Worker *w)
{
    uint64_t page = w->written * w->stride % w->pages;
    put(w->at + page * Page, w->first + page, w->written / w->pages + 1);
    w->written++;
}

static void *work(void *argument)
{
    Worker *w = argument;
    double due = 0;
    long tick_ms = pause_ms > 0 ? pause_ms : 1;
    uint64_t late = (uint64_t)(CatchUpTicks * tick_ms) * 1000000;
    for (uint64_t last = now_ns(), now; !stop; last = now) {
        double part = (double)w->pages * percent / 100;
        long period = period_ms;
        now = now_ns();
        if (period > 0) {
            /* What was missed while it stood still is not made up for: the rate stays that of the period. */
            uint64_t passed = now - last < late ? now - last : late;
            due += part * (double)passed / 1e6 / (double)period;
        } else if (w->rounds < rounds_wanted) {
            due += part;
        }
        for (; due >= 1 && !stop; due--)
            write_next(w);
        if (period == 0 && w->rounds < rounds_wanted)
            w->rounds++;
        nap_ms(tick_ms);
    }
    return NULL;
}

static void *beat(void *unused)
{
    int gaps = must(open(scratch_path("gaps"), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
    int file = must(open(scratch_path("stats"), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
    long beat_ns = pause_ms > 0 ? pause_ms * 1000000 : HeartbeatNs;
    uint64_t gap_ns = pause_ms > 0 ? 2 * (uint64_t)beat_ns : GapNs;
    const struct timespec pause = {0, beat_ns};
    Stats stats = {0};
    for (uint64_t last = now_ns(), next = 0; !stop; last = now_ns()) {
        nanosleep(&pause, NULL);
        uint64_t record[2] = {last, now_ns() - last};
        if (record[1] > gap_ns)
            require(write(gaps, record, sizeof record) == sizeof record, "gaps: %s", strerror(errno));
        if (record[1] > stats.longest_gap)
            stats.longest_gap = record[1];
        if (now_ns() < next)
            continue;
        stats.pages = 0;
        stats.rounds = ~0ull;
        for (int i = 0; i < thread_count; i++) {
            stats.pages += workers[i].written;
            stats.rounds = workers[i].rounds < stats.rounds ? workers[i].rounds : stats.rounds;
        }
        stats.now = now_ns();
        next = stats.now + StatsNs;
        require(write(file, &stats, sizeof stats) == sizeof stats, "stats: %s", strerror(errno));
    }
    say("longest gap %lu us, %lu pages written", stats.longest_gap / 1000, stats.pages);
    return unused;
}

static uint64_t common_divisor(uint64_t a, uint64_t b) { return b == 0 ? a : common_divisor(b, a % b); }

static void prepare(Worker *w, uint64_t pages)
{
    w->pages = pages;
    w->at = must(mmap(NULL, pages * Page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    /* Steps of the golden section visit every page once and never two neighbours. */
    w->stride = pattern[0] == 'c' ? 1 : (uint64_t)((double)pages * 0.618) | 1;
    while (common_divisor(w->stride, pages) != 1)
        w->stride += 2;
    for (uint64_t page = 0; page < pages; page++)
        put(w->at + page * Page, w->first + page, 0);
}

static void *prepare_in_thread(void *argument)
{
    Worker *w = argument;
    prepare(w, w->pages);
    return NULL;
}

static void check(Worker *w)
{
    static uint64_t wanted[Words];
    for (uint64_t turn = 0; turn < w->pages; turn++) {
        uint64_t page = turn * w->stride % w->pages, version = (w->written + w->pages - 1 - turn) / w->pages;
        put((char *)wanted, w->first + page, 0);
        if (version > 0)
            put((char *)wanted, w->first + page, version);
        require(memcmp(wanted, w->at + page * Page, Page) == 0, "page %lu at version %lu", page, version);
    }
}

static void read_arguments(int argc, char **argv)
{
    if (argc >= 8) {
        mib = atol(argv[2]);
        thread_count = atol(argv[3]);
        percent = atof(argv[4]);
        period_ms = atol(argv[5]);
        pattern = argv[6];
        contents = argv[7];
        pause_ms = argc >= 9 ? atol(argv[8]) : 0;
    }
    require(mib > 0 && thread_count > 0 && thread_count <= ThreadsMax && percent >= 0 && period_ms >= 0 && pause_ms >= 0 && pause_ms < 1000, "arguments");
}

static void read_pace(void)
{
    FILE *file = fopen(scratch_path("pace"), "re");
    double new_percent;
    long new_period;
    if (file == NULL)
        return;
    require(fscanf(file, "%lf %ld", &new_percent, &new_period) == 2 && new_percent >= 0 && new_period >= 0, "SCRATCH.pace");
    fclose(file);
    percent = new_percent;
    period_ms = new_period;
}

int main(int argc, char **argv)
{
    pthread_t threads[ThreadsMax], heart;
    sigset_t set;
    int number;
    begin(argc, argv);
    read_arguments(argc, argv);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    zero(pthread_sigmask(SIG_BLOCK, &set, NULL));
    for (int i = 0; i < thread_count; i++) {
        workers[i].pages = (uint64_t)mib * 256 / (uint64_t)thread_count;
        workers[i].first = workers[i].pages * (uint64_t)i; /* no two pages of the job are alike */
        threads[i] = start_thread(prepare_in_thread, &workers[i]);
    }
    for (int i = 0; i < thread_count; i++)
        join(threads[i]);
    for (int i = 0; i < thread_count; i++)
        threads[i] = start_thread(work, &workers[i]);
    heart = start_thread(beat, NULL);
    wait_until(access(scratch_path("stats"), F_OK) == 0, "no heartbeat");
    ready();
    while (sigwait(&set, &number) == 0 && number == SIGUSR2) {
        read_pace();
        rounds_wanted++;
    }
    stop = 1;
    for (int i = 0; i < thread_count; i++)
        join(threads[i]);
    join(heart);
    for (int i = 0; i < thread_count; i++)
        check(&workers[i]);
    return pass();
}
