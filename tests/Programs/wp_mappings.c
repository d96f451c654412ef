/*
 * Mappings that come, grow, move, shrink, or are replaced between two dumps: what a tracker that was armed on the old ones
 * does not cover must be saved all the same, and what is gone must not come back.
 * @steps small
 */
#include "program.h"

enum { Page = 4096, Pages = 64, Bytes = Pages * Page };
enum { Stable, Fresh, Grown, Moved, Replaced, Unmapped, Shrunk, Count };
static const char *names[] = {"stable", "fresh", "grown", "moved", "replaced", "unmapped", "shrunk"};
static const int Write = PROT_READ | PROT_WRITE, Anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
static char *at[Count], *away;

/* What each page holds: a seed, or 0 for zeros. The program is asked for it after a restore, so it is memory too. */
static uint64_t seeds[Count][2 * Pages];

static void put(int which, int page, uint64_t seed)
{
    fill(at[which] + page * Page, Page, seed);
    seeds[which][page] = seed;
}

static void put_all(int which, int from, int to, int stride, uint64_t seed)
{
    for (int page = from; page < to; page += stride)
        put(which, page, seed + (unsigned)page * 512);
}

static void forget(int which, int from, int to)
{
    for (int page = from; page < to; page++)
        seeds[which][page] = 0;
}

static void first(void)
{
    at[Fresh] = must(mmap(NULL, Bytes, Write, Anonymous, -1, 0));
    put_all(Fresh, 0, Pages, 2, 20 << 20);

    must(munmap(at[Grown] + Bytes, Bytes)); /* it kept the place free */
    require(mremap(at[Grown], Bytes, 2 * Bytes, 0) == at[Grown], "mremap in place: %s", strerror(errno));
    put_all(Grown, Pages, Pages + 8, 1, 30 << 20);

    require(mremap(at[Moved], Bytes, Bytes, MREMAP_MAYMOVE | MREMAP_FIXED, away) == away, "mremap away: %s", strerror(errno));
    at[Moved] = away;
    put(Moved, 7, 40 << 20);

    must(mmap(at[Replaced], Bytes, Write, Anonymous | MAP_FIXED, -1, 0));
    forget(Replaced, 0, Pages);
    put_all(Replaced, 0, Pages, 9, 50 << 20);

    must(munmap(at[Unmapped], Bytes));
    forget(Unmapped, 0, Pages);
    must(mremap(at[Shrunk], Bytes, Bytes / 2, 0));
    forget(Shrunk, Pages / 2, Pages);
}

static void second(void)
{
    put(Fresh, 1, 21 << 20);
    put(Grown, Pages + 20, 31 << 20);
    must(mmap(at[Replaced], Bytes, Write, Anonymous | MAP_FIXED, -1, 0));
    forget(Replaced, 0, Pages);
    put(Replaced, 9, 51 << 20);
    must(mmap(at[Unmapped], Bytes, Write, Anonymous | MAP_FIXED_NOREPLACE, -1, 0));
    put(Unmapped, 3, 60 << 20);
    at[Shrunk] = must(mremap(at[Shrunk], Bytes / 2, Bytes, MREMAP_MAYMOVE));
    put(Shrunk, Pages - 1, 70 << 20);
}

static void change(int number) { number == 1 ? first() : second(); }

static int pages_of(int which, int done)
{
    if ((which == Fresh && done == 0) || (which == Unmapped && done == 1))
        return 0;
    if (which == Shrunk && done == 1)
        return Pages / 2;
    return which == Grown && done >= 1 ? 2 * Pages : Pages;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    for (int which = 0; which < Count; which++)
        at[which] = which == Fresh ? NULL : must(mmap(NULL, 2 * Bytes, Write, Anonymous, -1, 0));
    away = must(mmap(NULL, Bytes, PROT_NONE, Anonymous, -1, 0));
    must(mprotect(at[Grown] + Bytes, Bytes, PROT_NONE));
    must(munmap(at[Unmapped] + Bytes, Bytes));
    for (int which = 0; which < Count; which++)
        if (which != Fresh)
            put_all(which, 0, Pages, 1, (uint64_t)(which + 1) << 24);
    char *bulk = must(mmap(NULL, 8 << 20, Write, Anonymous, -1, 0));
    fill(bulk, 8 << 20, 3);
    int done = take_steps(change);
    require(differs(bulk, 8 << 20, 3) < 0, "what was never touched changed");
    for (int which = 0; which < Count; which++)
        for (int page = 0; page < pages_of(which, done); page++) {
            char *memory = at[which] + page * Page;
            uint64_t seed = seeds[which][page];
            require(seed == 0 ? is_zero(memory, Page) : differs(memory, Page, seed) < 0,
                    "%s mapping, page %d after step %d starts with %lx", names[which], page, done, *(uint64_t *)memory);
        }
    return pass();
}
