/*
 * Memory that was written and given back (MADV_DONTNEED, munmap and mmap again, a hole punched in shared memory) reads
 * as zero. A thread keeps doing it, so that it also happens between two dumps.
 */
#include "program.h"

enum { Page = 4096, Pages = 256 };
static volatile int stop;
static volatile uint64_t turns;
static char *map, *shared;

static void *work(void *unused)
{
    while (!stop) {
        uint64_t seed = turns * 7;
        fill(map, Pages * Page, seed);
        must(madvise(map + Page, 100 * Page, MADV_DONTNEED));
        must(munmap(map + 120 * Page, 20 * Page));
        must(mmap(map + 120 * Page, 20 * Page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
        fill(shared, Pages * Page, seed);
        must(madvise(shared + 3 * Page, 50 * Page, MADV_REMOVE));
        for (int page = 0; page < Pages; page++) {
            int is_zero = (page >= 1 && page <= 100) || (page >= 120 && page < 140);
            for (int at = 0; at < Page && is_zero; at += 512)
                require(map[page * Page + at] == 0, "page %d is not zero in turn %lu", page, turns);
            if (!is_zero)
                require(differs(map + page * Page, Page, seed + (uint64_t)page * Page / 8) < 0, "page %d in turn %lu", page, turns);
            int is_hole = page >= 3 && page < 53;
            uint64_t word = *(uint64_t *)(shared + page * Page), wanted = is_hole ? 0 : mix(seed + (uint64_t)page * Page / 8);
            require(word == wanted, "shared page %d in turn %lu", page, turns);
        }
        turns++;
    }
    return unused;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    map = must(mmap(NULL, Pages * Page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    shared = must(mmap(NULL, Pages * Page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    char *given_back = must(mmap(NULL, Pages * Page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    fill(given_back, Pages * Page, 1);
    must(madvise(given_back, Pages * Page, MADV_DONTNEED));
    pthread_t thread = start_thread(work, NULL);
    wait_until(turns > 3, "no turns");
    ready_and_wait();
    for (int i = 0; i < Pages * Page; i++)
        require(given_back[i] == 0, "byte %d came back", i);
    uint64_t before = turns;
    wait_until(turns > before + 3, "no turns after the restore");
    stop = 1;
    join(thread);
    return pass();
}
