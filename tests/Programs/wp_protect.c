/*
 * Memory that is read-only or inaccessible at one dump is made writable, written, and made read-only or inaccessible again
 * before the next.
 * @steps small
 */
#include "program.h"

enum { Page = 4096, Pages = 1024 };
static char *constant, *hidden, *opened;

static void rewrite(char *at, int page, uint64_t seed, int protection)
{
    must(mprotect(at, Pages * Page, PROT_READ | PROT_WRITE));
    fill(at + page * Page, Page, seed);
    must(mprotect(at, Pages * Page, protection));
}

static void change(int number)
{
    rewrite(constant, 10, 100u + (unsigned)number, PROT_READ);
    rewrite(hidden, 20, 200u + (unsigned)number, PROT_NONE);
    rewrite(opened, 30, 300u + (unsigned)number, number == 1 ? PROT_READ | PROT_WRITE : PROT_READ);
}

static char *make(uint64_t seed, int protection)
{
    char *at = must(mmap(NULL, Pages * Page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    fill(at, Pages * Page, seed);
    must(mprotect(at, Pages * Page, protection));
    return at;
}

static void check(const char *name, char *at, uint64_t seed, int page, uint64_t written, int done)
{
    must(mprotect(at, Pages * Page, PROT_READ | PROT_WRITE));
    for (int i = 0; i < Pages; i++)
        require(differs(at + i * Page, Page, i == page && done > 0 ? written + (unsigned)done : seed + (unsigned)i * 512) < 0,
                "%s memory, page %d after step %d", name, i, done);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    constant = make(1 << 20, PROT_READ);
    hidden = make(2 << 20, PROT_NONE);
    opened = make(3 << 20, PROT_READ);
    int done = take_steps(change);
    check("read-only", constant, 1 << 20, 10, 100, done);
    check("inaccessible", hidden, 2 << 20, 20, 200, done);
    check("opened", opened, 3 << 20, 30, 300, done);
    return pass();
}
