/*
 * A private mapping of a file: modified pages are the job's own, unmodified ones still show the file, also one that was
 * only read; part of it is read-only but was modified before; pages that were made zero do not show the file again; pages beyond
 * the end of the file still fault.
 */
#include "program.h"
#include <setjmp.h>

enum { Page = 4096, Pages = 64 };
static sigjmp_buf escape;

static void on_fault(int number) { siglongjmp(escape, number); }

int main(int argc, char **argv)
{
    begin(argc, argv);
    static char block[Pages * Page];
    fill(block, sizeof block, 10);
    int fd = must(open(scratch_path("data"), O_RDWR | O_CREAT | O_TRUNC, 0600));
    must(write(fd, block, sizeof block) == sizeof block ? 0 : -1);
    char *map = must(mmap(NULL, (Pages + 4) * Page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
    volatile char sum = 0;
    for (int i = 0; i < Pages; i += 2)
        sum += map[i * Page]; /* present, but still the file's */
    for (int i = 0; i < Pages; i += 5)
        fill(map + i * Page, Page, 1000u + (unsigned)i);
    memset(map + 20 * Page, 0, 2 * Page);
    must(mprotect(map + 5 * Page, 6 * Page, PROT_READ));
    ready_and_wait();

    char fresh[16] = "written later";
    must(pwrite(fd, fresh, sizeof fresh, 33 * Page));
    must(pwrite(fd, fresh, sizeof fresh, 35 * Page)); /* page 35 was modified: it must not follow */
    for (int i = 0; i < Pages; i++) {
        if (i == 20 || i == 21)
            require(map[i * Page] == 0 && memcmp(map + i * Page, map + i * Page + 1, Page - 1) == 0, "page %d, which was made zero", i);
        else if (i % 5 == 0)
            require(differs(map + i * Page, Page, 1000u + (unsigned)i) < 0, "modified page %d", i);
        else if (i != 33)
            require(memcmp(map + i * Page, block + i * Page, Page) == 0, "unmodified page %d", i);
    }
    require(memcmp(map + 33 * Page, fresh, sizeof fresh) == 0, "an unmodified page does not follow the file");
    struct sigaction fault = {.sa_handler = on_fault};
    must(sigaction(SIGBUS, &fault, NULL));
    if (sigsetjmp(escape, 1) == 0) {
        (void)*(volatile char *)(map + (Pages + 1) * Page);
        fail("a page beyond the end of the file is readable");
    }
    return pass();
}
