/*
 * Memory that parent, child and grandchild share by copy on write: pages that none of them wrote since the fork stay one page, as far as the kernel tells
 * (PFNs are shown to root alone); those that one of them wrote, dropped, unmapped or made zero are its own. The heap of the parent grew since.
 * @tree
 */
#include "program.h"
#include <sys/prctl.h>

enum { Page = 4096, Pages = 64, Shared = 10, ByParent = 20, ByChild = 21, ByGrandchild = 22, Dropped = 23, Zeroed = 24, Unmapped = 25, FileZeroed = 40, FileDropped = 41, FileShared = 42 };

static struct { pid_t child, grandchild; int go, answers[2]; } *shared;
static char *area, *of_file, *heap;

static uint64_t frame(pid_t process, const char *address)
{
    char path[64];
    uint64_t entry;
    snprintf(path, sizeof path, "/proc/%d/pagemap", process);
    int fd = must(open(path, O_RDONLY));
    require(pread(fd, &entry, sizeof entry, (off_t)((uintptr_t)address / Page * sizeof entry)) == sizeof entry, "pagemap of %d", process);
    close(fd);
    return entry & ((1ull << 55) - 1);
}

static int is(const char *page, uint64_t seed) { return differs(page, Page, seed) < 0; }

/* Number of the first thing that is wrong in this process; 0 where all is right. */
static int wrong(int generation)
{
    for (int i = 0; i < ByParent; i++)
        if (!is(area + i * Page, (uint64_t)i))
            return 1;
    if (!is(area + ByParent * Page, generation == 0 ? 1000u : ByParent) || !is(area + ByChild * Page, generation == 1 ? 1001u : ByChild))
        return 2;
    if (!is(area + ByGrandchild * Page, generation == 2 ? 1002u : ByGrandchild))
        return 3;
    if (generation == 1 ? !is_zero(area + Dropped * Page, Page) || !is_zero(area + Zeroed * Page, Page) : !is(area + Dropped * Page, Dropped) || !is(area + Zeroed * Page, Zeroed))
        return 4;
    unsigned char resident;
    if ((mincore(area + Unmapped * Page, Page, &resident) == 0) != (generation != 2) || !is(area + (Pages - 1) * Page, Pages - 1))
        return 5;
    if (!is(of_file + FileShared * Page, 2000 + FileShared) || !is(of_file, 3000))
        return 6;
    if (generation == 2 ? !is_zero(of_file + FileZeroed * Page, Page) || !is(of_file + FileDropped * Page, 3000 + FileDropped) : !is(of_file + FileZeroed * Page, 2000 + FileZeroed))
        return 7;
    return is(heap, 4000) ? 0 : 8;
}

static void be_child(int generation)
{
    must(prctl(PR_SET_PDEATHSIG, SIGKILL));
    if (generation == 1) {
        fill(area + ByChild * Page, Page, 1001);
        must(madvise(area + Dropped * Page, Page, MADV_DONTNEED));
        memset(area + Zeroed * Page, 0, Page);
    } else {
        fill(area + ByGrandchild * Page, Page, 1002);
        must(munmap(area + Unmapped * Page, Page));
        memset(of_file + FileZeroed * Page, 0, Page);
        must(madvise(of_file + FileDropped * Page, Page, MADV_DONTNEED));
    }
    *(generation == 1 ? &shared->child : &shared->grandchild) = getpid();
    while (!__atomic_load_n(&shared->go, __ATOMIC_ACQUIRE))
        nap_ms(1);
    __atomic_store_n(&shared->answers[generation - 1], wrong(generation) + 1, __ATOMIC_RELEASE);
    for (;;)
        pause();
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    shared = must(mmap(NULL, Page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    area = must(mmap(NULL, Pages * Page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    int fd = must(open(scratch_path("data"), O_RDWR | O_CREAT | O_TRUNC, 0600));
    static char block[Page];
    for (int i = 0; i < Pages; i++) {
        fill(area + i * Page, Page, (uint64_t)i);
        fill(block, Page, 3000u + (unsigned)i);
        must(write(fd, block, Page));
    }
    of_file = must(mmap(NULL, Pages * Page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
    for (int i = FileZeroed; i <= FileShared; i++)
        fill(of_file + i * Page, Page, 2000u + (unsigned)i);
    heap = must(sbrk(Page));
    fill(heap, Page, 4000);
    pid_t child = must(fork());
    if (child == 0) {
        if (must(fork()) == 0)
            be_child(2);
        be_child(1);
    }
    fill(area + ByParent * Page, Page, 1000);
    char *grown = must(sbrk(16 * Page));
    memset(grown, 1, 16 * Page);
    wait_until(shared->child && shared->grandchild, "the children are not there");
    ready_and_wait();

    __atomic_store_n(&shared->go, 1, __ATOMIC_RELEASE);
    wait_until(shared->answers[0] && shared->answers[1], "no answers");
    require(wrong(0) == 0 && shared->answers[0] == 1 && shared->answers[1] == 1, "wrong: %d %d %d", wrong(0), shared->answers[0] - 1, shared->answers[1] - 1);
    const char *pages[] = {area + Shared * Page, area + (Pages - 1) * Page, of_file + FileShared * Page, heap};
    for (int i = 0; i < 4; i++) {
        uint64_t mine = frame(getpid(), pages[i]), of_child = frame(child, pages[i]), of_grandchild = frame(shared->grandchild, pages[i]);
        require(mine == of_child && mine == of_grandchild, "page %d is not shared: %lx %lx %lx", i, mine, of_child, of_grandchild);
    }
    require(geteuid() != 0 || frame(getpid(), area + ByChild * Page) != frame(child, area + ByChild * Page), "a page that the child wrote is shared");
    must(kill(shared->grandchild, SIGKILL));
    must(kill(child, SIGKILL));
    must(waitpid(child, NULL, 0));
    return pass();
}
