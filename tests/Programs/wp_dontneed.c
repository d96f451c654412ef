/*
 * Pages that are given back between two dumps read as zero, though nobody wrote them; some are written again.
 * @steps small
 */
#include "program.h"

enum { Page = 4096, Pages = 2048 };
static char *map, *shared;

/* Seed of a page after so many steps; 0 for a page of zeros. */
static uint64_t expected(int page, int done)
{
    uint64_t seed = 1000u + (unsigned)page;
    if (done >= 1 && page >= 8 && page < 40)
        seed = 0;
    if (done >= 2 && page >= 12 && page < 14)
        seed = 5000u + (unsigned)page;
    if (done >= 2 && page >= 100 && page < 108)
        seed = 0;
    return seed;
}

static void change(int number)
{
    int from = number == 1 ? 8 : 100, count = number == 1 ? 32 : 8;
    must(madvise(map + from * Page, (size_t)count * Page, MADV_DONTNEED));
    must(madvise(shared + from * Page, (size_t)count * Page, MADV_REMOVE));
    for (int page = 12; number == 2 && page < 14; page++) {
        fill(map + page * Page, Page, expected(page, number));
        fill(shared + page * Page, Page, expected(page, number));
    }
}

static void check(const char *name, const char *at, int done)
{
    for (int page = 0; page < Pages; page++) {
        uint64_t seed = expected(page, done);
        int is_right = seed == 0 ? is_zero(at + page * Page, Page) : differs(at + page * Page, Page, seed) < 0;
        require(is_right, "%s page %d after step %d starts with %lx", name, page, done, *(uint64_t *)(at + page * Page));
    }
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    map = must(mmap(NULL, Pages * Page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    shared = must(mmap(NULL, Pages * Page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    for (int page = 0; page < Pages; page++) {
        fill(map + page * Page, Page, expected(page, 0));
        fill(shared + page * Page, Page, expected(page, 0));
    }
    int done = take_steps(change);
    check("private", map, done);
    check("shared", shared, done);
    return pass();
}
