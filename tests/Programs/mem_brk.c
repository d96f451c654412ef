/* The heap: its contents, its end, and that it grows and shrinks on from there. */
#include "program.h"

int main(int argc, char **argv)
{
    begin(argc, argv);
    char *mine = must(sbrk(3 << 20));
    fill(mine, 3 << 20, 40);
    must(sbrk(12345)); /* the end need not be at a page */
    void *end = sbrk(0);
    char *small = malloc(1000), *big = malloc(1 << 22);
    fill(small, 1000, 41);
    fill(big, 1 << 22, 42);
    end = sbrk(0);
    ready_and_wait();

    require(sbrk(0) == end, "the end of the heap was %p and is %p", end, sbrk(0));
    require(differs(mine, 3 << 20, 40) < 0, "heap contents");
    require(differs(small, 1000, 41) < 0 && differs(big, 1 << 22, 42) < 0, "malloc contents");
    char *more = must(sbrk(2 << 20));
    require(more == end, "the heap does not grow from its end");
    fill(more, 2 << 20, 43);
    require(differs(more, 2 << 20, 43) < 0, "grown heap");
    must(sbrk(-(1 << 20)));
    require((char *)sbrk(0) == (char *)end + (1 << 20), "the heap does not shrink");
    free(small);
    free(big);
    for (int i = 0; i < 1000; i++)
        free(malloc((size_t)i * 100 + 1));
    return pass();
}
