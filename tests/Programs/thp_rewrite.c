/*
 * Memory in huge pages, where the kernel gives them, all of which is written anew all the time; a dump splits them, and is to join them again. Also checked by a test of its own.
 */
#include "program.h"

enum { Page = 4096, Huge = 2 << 20, Huges = 8 };
static char *map;
static volatile int stop;
static volatile uint64_t round_number;

static void *rewrite(void *unused)
{
    while (!stop) {
        uint64_t seed = mix(++round_number);
        for (int page = 0; page < Huges * Huge / Page; page++)
            fill(map + page * Page, Page, seed + (unsigned)page);
        nap_ms(50);
    }
    return unused;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    char *place = must(mmap(NULL, (Huges + 1) * Huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    map = (char *)(((uintptr_t)place + Huge - 1) / Huge * Huge);
    (void)madvise(map, Huges * Huge, MADV_HUGEPAGE); /* EINVAL where the kernel has none */
    pthread_t thread = start_thread(rewrite, NULL);
    wait_until(round_number > 2, "nothing is written");
    ready_and_wait();

    stop = 1;
    join(thread);
    for (int page = 0; page < Huges * Huge / Page; page++)
        require(differs(map + page * Page, Page, mix(round_number) + (unsigned)page) < 0, "page %d", page);
    return pass();
}
