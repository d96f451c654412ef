/*
 * Huge pages, where the kernel gives them: written here and there, given back in half, split and collapsed between two
 * dumps.
 * @steps
 */
#include "program.h"

enum { Page = 4096, Huge = 2 << 20, Huges = 4, Pages = Huges * Huge / Page };
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
static char *map;

static uint64_t expected(int page, int done)
{
    if (done >= 1 && page % 64 == 5)
        return done == 1 || page >= 512 ? 7000u + (unsigned)page : 9000u + (unsigned)page;
    if (done >= 2 && page >= 3 * 512 && page < 3 * 512 + 100)
        return 0; /* given back: pages of the fourth huge page */
    return 1000u + (unsigned)page;
}

static void put(int page, int done) { fill(map + page * Page, Page, expected(page, done)); }

static void change(int number)
{
    if (number == 2)
        must(madvise(map + 3 * Huge, 100 * Page, MADV_DONTNEED));
    for (int page = 5; page < (number == 1 ? Pages : 512); page += 64)
        put(page, number);
    if (number == 2) {
        put(3 * 512 + 5, 2);
        put(3 * 512 + 69, 2);
        (void)madvise(map + Huge, Huge, MADV_COLLAPSE); /* EINVAL or EAGAIN where it cannot: nothing to see then */
    }
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    char *place = must(mmap(NULL, (Huges + 1) * Huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    map = (char *)(((uintptr_t)place + Huge - 1) / Huge * Huge);
    (void)madvise(map, Huges * Huge, MADV_HUGEPAGE); /* EINVAL where the kernel has none */
    for (int page = 0; page < Pages; page++)
        put(page, 0);
    int done = take_steps(change);
    for (int page = 0; page < Pages; page++) {
        uint64_t seed = expected(page, done);
        require(seed == 0 ? is_zero(map + page * Page, Page) : differs(map + page * Page, Page, seed) < 0,
                "page %d after step %d starts with %lx", page, done, *(uint64_t *)(map + page * Page));
    }
    return pass();
}
