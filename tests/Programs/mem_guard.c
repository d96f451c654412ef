/* Guard pages (MADV_GUARD_INSTALL, Linux 6.13) inside a mapping still fault; the pages beside them keep their data. Where the kernel has
 * none, there is nothing to keep. */
#include "program.h"
#include <setjmp.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

enum { Page = 4096, Pages = 64 };
static sigjmp_buf back;

static void on_fault(int signal)
{
    (void)signal;
    siglongjmp(back, 1);
}

static int faults(volatile char *address)
{
    if (sigsetjmp(back, 1))
        return 1;
    (void)*address;
    return 0;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    char *area = mmap(NULL, Pages * Page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(area != MAP_FAILED, "mmap: %s", strerror(errno));
    for (int page = 0; page < Pages; page++)
        area[page * Page] = (char)(page + 1);
    int has_guards = madvise(area + 8 * Page, 4 * Page, MADV_GUARD_INSTALL) == 0;
    struct sigaction action = {.sa_handler = on_fault};
    sigaction(SIGSEGV, &action, NULL);
    ready_and_wait();
    for (int page = 0; page < Pages; page++) {
        int is_guard = has_guards && page >= 8 && page < 12;
        require(faults(area + page * Page) == is_guard, "page %d %s", page, is_guard ? "does not fault" : "faults");
        require(is_guard || area[page * Page] == (char)(page + 1), "page %d lost its data", page);
    }
    pass();
}
