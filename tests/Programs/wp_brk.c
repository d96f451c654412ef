/*
 * The heap grows, shrinks and grows again between two dumps; what comes back after it shrank is zero.
 * @steps small
 */
#include "program.h"

enum { Mega = 1 << 20 };
static char *heap;

static void change(int number)
{
    if (number == 1) {
        require(sbrk(2 * Mega) == heap + 8 * Mega, "the heap is not where it was");
        fill(heap + 8 * Mega, Mega, 81);
        fill(heap + 2 * Mega, 4096, 21);
        return;
    }
    must(sbrk(-3 * Mega)); /* ends at 7 */
    must(sbrk(2 * Mega));  /* ends at 9, zero from 7 on */
    fill(heap + 8 * Mega, 4096, 82);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    intptr_t odd = (intptr_t)must(sbrk(0)) % 4096;
    heap = (char *)must(sbrk(8 * Mega + 4096 - odd)) + 4096 - odd;
    fill(heap, 8 * Mega, 1);
    int done = take_steps(change);

    static const int ends[] = {8, 10, 9};
    require((char *)sbrk(0) == heap + ends[done] * Mega, "the heap ends %ld bytes after its start", (long)((char *)sbrk(0) - heap));
    require(differs(heap, 2 * Mega, 1) < 0, "the start of the heap");
    require(differs(heap + 2 * Mega, 4096, done == 0 ? 1 + 2 * Mega / 8 : 21) < 0, "the page that was written");
    require(differs(heap + 3 * Mega, 4 * Mega, 1 + 3 * Mega / 8) < 0, "the middle of the heap");
    if (done == 1) {
        require(differs(heap + 8 * Mega, Mega, 81) < 0, "what was grown and written");
        require(is_zero(heap + 9 * Mega, Mega), "what was grown and not written");
    } else if (done == 2) {
        require(is_zero(heap + 7 * Mega, Mega), "what was given back and grown again");
        require(differs(heap + 8 * Mega, 4096, 82) < 0, "what was written last");
        require(is_zero(heap + 8 * Mega + 4096, Mega - 4096), "the end of the heap");
    }
    return pass();
}
