/*
 * A child writes into its parent's memory with process_vm_writev all the time: writes that no page table entry of the
 * writer shows.
 * @tree
 * @steps
 */
#include "program.h"
#include <sys/uio.h>

enum { Page = 4096, Pages = 512 };
typedef struct { volatile uint64_t turns; volatile int stop; } Control;
static Control *control;
static char *map;

static void work(void)
{
    static char block[Page];
    for (uint64_t turn = control->turns; !control->stop; turn++) {
        fill(block, Page, turn * 1024);
        struct iovec from = {block, Page}, to = {map + turn % Pages * Page, Page};
        if (process_vm_writev(getppid(), &from, 1, &to, 1, 0) != Page)
            _exit(9);
        control->turns = turn + 1;
        if (turn % 16 == 0)
            nap_ms(1); /* leaves most pages alone between two dumps */
    }
    _exit(0);
}

static void change(int number)
{
    (void)number;
    uint64_t before = control->turns;
    wait_until(control->turns > before + 40, "the child writes nothing");
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    int status;
    control = must(mmap(NULL, Page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    map = must(mmap(NULL, Pages * Page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    fill(map, Pages * Page, 3);
    pid_t child = must(fork());
    if (child == 0)
        work();
    wait_until(control->turns > 3 * Pages || waitpid(child, &status, WNOHANG) == child, "no turns");
    take_steps(change);
    change(0);
    control->stop = 1;
    require(must(waitpid(child, &status, 0)) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with %x", status);
    uint64_t turns = control->turns;
    for (uint64_t turn = turns - Pages; turn < turns; turn++)
        require(differs(map + turn % Pages * Page, Page, turn * 1024) < 0, "page %lu, written in turn %lu of %lu", turn % Pages, turn, turns);
    return pass();
}
