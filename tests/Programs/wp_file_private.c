/*
 * Pages of a private file mapping become the job's own between two dumps: in a writable part, and in one that is
 * read-only at every dump. One that is given back shows the file again.
 * @steps small
 */
#include "program.h"

enum { Page = 4096, Pages = 1024, ReadOnly = 900 };
static char *map;

/* Seed of a page that is the job's own after so many steps; 0 for one that shows the file. */
static uint64_t own(int page, int done)
{
    if (page == 2)
        return done >= 2 ? 0 : 102;
    if (page == 3 && done >= 1)
        return 1003;
    if (page == 7 && done >= 1)
        return done == 1 ? 1007 : 2007;
    if (page >= 200 && page < 216 && done >= 2)
        return 2000u + (unsigned)page;
    return page == ReadOnly + 5 && done >= 1 ? (uint64_t)(3000 + done) : 0;
}

static void change(int number)
{
    must(mprotect(map + ReadOnly * Page, (Pages - ReadOnly) * Page, PROT_READ | PROT_WRITE));
    for (int page = 0; page < Pages; page++)
        if (own(page, number) != own(page, number - 1) && own(page, number) != 0)
            fill(map + page * Page, Page, own(page, number));
    if (number == 2)
        must(madvise(map + 2 * Page, Page, MADV_DONTNEED));
    must(mprotect(map + ReadOnly * Page, (Pages - ReadOnly) * Page, PROT_READ));
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    static char block[Page];
    int fd = must(open(scratch_path("data"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    for (int page = 0; page < Pages; page++) {
        fill(block, Page, 1u << 20 | (unsigned)page);
        require(write(fd, block, Page) == Page, "write: %s", strerror(errno));
    }
    map = must(mmap(NULL, Pages * Page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
    close(fd);
    volatile char sum = 0;
    for (int page = 0; page < Pages; page += 2)
        sum += map[page * Page]; /* present, but still the file's */
    fill(map + 2 * Page, Page, own(2, 0));
    char *bulk = must(mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    fill(bulk, 8 << 20, 3);
    must(mprotect(map + ReadOnly * Page, (Pages - ReadOnly) * Page, PROT_READ));
    int done = take_steps(change);
    require(differs(bulk, 8 << 20, 3) < 0, "what was never touched changed");
    for (int page = 0; page < Pages; page++) {
        uint64_t seed = own(page, done);
        require(differs(map + page * Page, Page, seed != 0 ? seed : 1u << 20 | (unsigned)page) < 0,
                "page %d after step %d, %s", page, done, seed != 0 ? "the job's own" : "of the file");
    }
    return pass();
}
