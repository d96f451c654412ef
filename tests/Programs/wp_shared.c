/*
 * Shared anonymous memory, of which now the parent and now the child writes a page between two dumps; a hole is punched by
 * one of them. Private memory beside it says what should be there.
 * @tree
 * @steps
 */
#include "program.h"

enum { Page = 4096, Pages = 1024 };
static char *shared;
static uint64_t seeds[Pages];
static int ask, answer;

static uint64_t word_of(int page) { return *(uint64_t *)(shared + page * Page); }

static int first_wrong(void)
{
    for (int page = 0; page < Pages; page++) {
        char *at = shared + page * Page;
        if (seeds[page] == 0 ? !is_zero(at, Page) : differs(at, Page, seeds[page]) >= 0)
            return page;
    }
    return -1;
}

/* The child writes a page, punches a hole, or says which page is wrong for it, whose seeds it is told one by one. */
static void serve(int in, int out)
{
    struct { int page, what; uint64_t seed; } order;
    while (read(in, &order, sizeof order) == sizeof order) {
        int result = -1;
        if (order.what == 'w')
            fill(shared + order.page * Page, Page, order.seed);
        else if (order.what == 'h')
            must(madvise(shared + order.page * Page, Page, MADV_REMOVE));
        else if (order.what == 'v')
            result = first_wrong();
        seeds[order.page] = order.seed;
        must(write(out, &result, sizeof result));
    }
    _exit(0);
}

static int tell(int what, int page, uint64_t seed)
{
    struct { int page, what; uint64_t seed; } order = {page, what, seed};
    int result = -2;
    must(write(ask, &order, sizeof order));
    must(read(answer, &result, sizeof result));
    seeds[page] = seed;
    return result;
}

static void change(int number)
{
    for (int i = 0; i < 8; i++) {
        int mine = 200 * number + i, its = 400 * number + i;
        fill(shared + mine * Page, Page, 5000u + (unsigned)mine);
        tell('n', mine, 5000u + (unsigned)mine); /* says only what is there now */
        tell('w', its, 6000u + (unsigned)its);
    }
    for (int page = 20 * number; page < 20 * number + 4; page++)
        tell('h', page, 0);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    int down[2], up[2], status;
    shared = must(mmap(NULL, Pages * Page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    for (int page = 0; page < Pages; page++) {
        seeds[page] = 1000u + (unsigned)page;
        fill(shared + page * Page, Page, seeds[page]);
    }
    must(pipe2(down, O_CLOEXEC));
    must(pipe2(up, O_CLOEXEC));
    pid_t child = must(fork());
    if (child == 0) {
        close(down[1]);
        close(up[0]);
        serve(down[0], up[1]);
    }
    close(down[0]);
    close(up[1]);
    ask = down[1];
    answer = up[0];
    int done = take_steps(change), wrong = first_wrong();
    require(wrong < 0, "page %d as the parent sees it after step %d starts with %lx", wrong, done, word_of(wrong));
    wrong = tell('v', 0, seeds[0]);
    require(wrong == -1, "page %d as the child sees it after step %d", wrong, done);
    shared[0]++;
    require(tell('v', 0, seeds[0]) == 0, "the memory is not shared any more");
    close(ask);
    require(must(waitpid(child, &status, 0)) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with %x", status);
    return pass();
}
