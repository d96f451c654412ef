/*
 * Much of everything: a tree of processes with threads, and in its root mappings, descriptors and more threads. Each process checks what it has.
 *   scale SCRATCH [PROCESSES THREADS MAPPINGS DESCRIPTORS ROOT-THREADS]
 * @tree
 */
#include "program.h"
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum { Page = 4096, ProcessesMax = 4096, BranchesPerProcess = 8 };
struct answer { _Atomic int ready, go, right; };
static struct answer *answers;
static int processes = 5, threads = 3, mappings = 100, descriptors = 50, root_threads = 4;
static _Atomic int alive, asked;
static char **pages;
static int *files;

/* Counts itself once more when it is asked to: it runs, and its stack is its own. */
static void *be_thread(void *number)
{
    volatile uint64_t mine[16];
    for (int i = 0; i < 16; i++)
        mine[i] = (uintptr_t)number * 16 + (uintptr_t)i;
    atomic_fetch_add(&alive, 1);
    while (!atomic_load(&asked))
        nap_ms(20);
    for (int i = 0; i < 16; i++)
        if (mine[i] != (uintptr_t)number * 16 + (uintptr_t)i)
            return NULL;
    atomic_fetch_sub(&alive, 1);
    return NULL;
}

static int check(int own_threads, uint64_t *number)
{
    atomic_store(&asked, 1);
    for (int i = 0; i < 1000 && atomic_load(&alive) > 0; i++)
        nap_ms(10);
    return atomic_load(&alive) == 0 && *number == 7000u + (uint64_t)getpid() && own_threads >= 0;
}

/* Process INDEX makes those at INDEX * 8 + 1 to 8, so that the tree is as deep as it is wide. */
static void grow(int index);

static void be_process(int index)
{
    must(prctl(PR_SET_PDEATHSIG, SIGKILL));
    uint64_t *number = must(mmap(NULL, Page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    *number = 7000u + (uint64_t)getpid();
    grow(index);
    for (int i = 1; i < threads; i++)
        start_thread(be_thread, (void *)(uintptr_t)i);
    while (atomic_load(&alive) < threads - 1)
        nap_ms(1);
    atomic_store(&answers[index].ready, 1);
    while (!atomic_load(&answers[index].go))
        nap_ms(20);
    atomic_store(&answers[index].right, check(threads, number) ? 1 : -1);
    for (;;)
        pause();
}

static void grow(int index)
{
    for (int child = index * BranchesPerProcess + 1; child <= (index + 1) * BranchesPerProcess && child < processes; child++)
        if (must(fork()) == 0)
            be_process(child);
}

static void map_and_open(void)
{
    struct rlimit limit;
    must(getrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = limit.rlim_max;
    must(setrlimit(RLIMIT_NOFILE, &limit));
    pages = must(malloc((size_t)(mappings + 1) * sizeof *pages));
    files = must(malloc((size_t)(descriptors + 1) * sizeof *files));
    for (int i = 0; i < mappings; i++) {
        /* Every other one can be written, so that none is joined with the next. */
        pages[i] = must(mmap(NULL, Page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        *(uint64_t *)(void *)pages[i] = 100000u + (uint64_t)i;
        if (i % 2)
            must(mprotect(pages[i], Page, PROT_READ));
    }
    for (int i = 0; i < descriptors; i++) {
        files[i] = must(open(scratch_path("data"), O_RDWR | O_CREAT, 0600));
        must(lseek(files[i], i, SEEK_SET));
    }
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    int *numbers[] = {&processes, &threads, &mappings, &descriptors, &root_threads};
    for (int i = 0; i < 5 && i + 2 < argc; i++)
        *numbers[i] = atoi(argv[i + 2]);
    require(processes <= ProcessesMax, "too many processes");
    answers = must(mmap(NULL, ProcessesMax * sizeof *answers, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    uint64_t number = 7000u + (uint64_t)getpid();
    grow(0);
    map_and_open();
    for (int i = 1; i < root_threads; i++)
        start_thread(be_thread, (void *)(uintptr_t)i);
    wait_until(atomic_load(&alive) == root_threads - 1, "threads are missing");
    for (int i = 1; i < processes; i++)
        wait_until(atomic_load(&answers[i].ready), "process %d is missing", i);
    ready_and_wait();

    for (int i = 1; i < processes; i++)
        atomic_store(&answers[i].go, 1);
    require(check(root_threads, &number), "threads of the root");
    for (int i = 0; i < mappings; i++)
        require(*(uint64_t *)(void *)pages[i] == 100000u + (uint64_t)i, "mapping %d", i);
    for (int i = 0; i < descriptors; i++)
        require(must(lseek(files[i], 0, SEEK_CUR)) == i, "descriptor %d", i);
    for (int i = 1; i < processes; i++) {
        wait_until(atomic_load(&answers[i].right) != 0, "process %d does not answer", i);
        require(atomic_load(&answers[i].right) == 1, "process %d", i);
    }
    return pass();
}
