/*
 * A process forks between two dumps: parent and child then write pages that they shared copy-on-write, and each must keep
 * its own. A second child comes before the third dump.
 * @tree
 * @steps
 */
#include "program.h"

enum { Page = 4096, Pages = 1024, Children = 2 };
static char *map;
static uint64_t seeds[Pages]; /* copied by fork together with the pages */
static int asks[Children], answers[Children];

static void put(int page, uint64_t seed)
{
    fill(map + page * Page, Page, seed);
    seeds[page] = seed;
}

static int first_wrong(void)
{
    for (int page = 0; page < Pages; page++)
        if (differs(map + page * Page, Page, seeds[page]) >= 0)
            return page;
    return -1;
}

/* A child writes the page that it is told, or says which page is wrong. */
static void serve(int in, int out, uint64_t salt)
{
    int page, answer;
    while (read(in, &page, sizeof page) == sizeof page) {
        if (page >= 0)
            put(page, salt + (unsigned)page);
        answer = page >= 0 ? page : first_wrong();
        must(write(out, &answer, sizeof answer));
    }
    _exit(0);
}

static void start_child(int number)
{
    int down[2], up[2];
    must(pipe2(down, O_CLOEXEC));
    must(pipe2(up, O_CLOEXEC));
    if (must(fork()) == 0) {
        close(down[1]);
        close(up[0]);
        for (int i = 0; i < number; i++)
            close(asks[i]);
        serve(down[0], up[1], (uint64_t)(number + 1) << 32);
    }
    close(down[0]);
    close(up[1]);
    asks[number] = down[1];
    answers[number] = up[0];
}

static int ask(int child, int page)
{
    int answer = -2;
    must(write(asks[child], &page, sizeof page));
    must(read(answers[child], &answer, sizeof answer));
    return answer;
}

static void change(int number)
{
    start_child(number - 1);
    put(5, 500u + (unsigned)number);
    put(100 + number, 600);
    for (int child = 0; child < number; child++)
        require(ask(child, 5 + number * 10 + child) >= 0, "child %d does not answer", child);
    put(6, 700u + (unsigned)number);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    map = must(mmap(NULL, Pages * Page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (int page = 0; page < Pages; page++)
        put(page, 1000u + (unsigned)page);
    int done = take_steps(change), status;
    require(first_wrong() < 0, "page %d of the parent after step %d", first_wrong(), done);
    for (int child = 0; child < done; child++) {
        int wrong = ask(child, -1);
        require(wrong == -1, "page %d of child %d after step %d", wrong, child, done);
        close(asks[child]);
    }
    for (int child = 0; child < done; child++)
        require(must(wait(&status)) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0, "a child ended with %x", status);
    return pass();
}
