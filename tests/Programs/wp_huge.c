/*
 * Private memory in huge pages that is written, given back and left alone between dumps.
 * @steps
 * @huge-pages
 */
#include "program.h"

enum { Page = 2 << 20, Pages = 5 };
static char *memory;

static void change(int number)
{
    fill(memory + number * Page, Page, 10 + (uint64_t)number);
    must(madvise(memory + (number + 2) * Page, Page, MADV_DONTNEED));
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    memory = must(mmap(NULL, Pages * Page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0));
    for (int i = 0; i < Pages; i++)
        fill(memory + i * Page, Page, (uint64_t)i);
    int steps = take_steps(change);
    for (int i = 0; i < Pages; i++) {
        int is_written = i >= 1 && i <= steps, is_given_back = i >= 3 && i - 2 <= steps;
        require(is_given_back ? is_zero(memory + i * Page, Page) : differs(memory + i * Page, Page, (uint64_t)(is_written ? 10 + i : i)) < 0, "page %d after %d steps", i, steps);
    }
    return pass();
}
