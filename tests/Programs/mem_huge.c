/*
 * Memory in huge pages (hugetlbfs), of a process and its child: private, written by both since the fork; shared anonymous; of a memfd, mapped shared and
 * private; of System V; protections; pages that were never touched.
 * @tree
 * @huge-pages
 */
#include "program.h"
#include <sys/ipc.h>
#include <sys/shm.h>

enum { Page = 2 << 20, Bytes = 3 * Page };
static char *private, *shared, *of_file, *copy, *segment, *guarded;

static char *map(int flags, int fd) { return must(mmap(NULL, Bytes, PROT_READ | PROT_WRITE, flags | (fd < 0 ? MAP_ANONYMOUS | MAP_HUGETLB : 0), fd, 0)); }

static int is_huge(const char *at)
{
    static char text[1 << 20];
    char wanted[64];
    read_whole("/proc/self/smaps", text, sizeof text);
    snprintf(wanted, sizeof wanted, "%lx-", (unsigned long)at);
    char *found = strstr(text, wanted);
    return found && (found = strstr(found, "KernelPageSize:")) && atoi(found + 15) == Page / 1024;
}

/* The last third of each was never touched. */
static void check(const char *who, uint64_t own)
{
    require(differs(private, Page, own) < 0 && differs(private + Page, Page, 2) < 0 && is_zero(private + 2 * Page, Page), "%s: private memory", who);
    require(differs(shared + 64, Page, 3) < 0 && is_zero(shared + 2 * Page, Page), "%s: shared memory", who);
    require(differs(of_file, Page, 4) < 0 && differs(copy, Page, own + 5) < 0 && is_zero(copy + Page, Page), "%s: memory of the memfd", who);
    require(differs(segment, Page, 6) < 0 && is_zero(segment + Page, 2 * Page), "%s: the System V segment", who);
    require(write(STDERR_FILENO, guarded, 1) == -1 && errno == EFAULT, "%s: memory that cannot be read is read", who);
    must(mprotect(guarded, Bytes, PROT_READ));
    require(differs(guarded, Page, 7) < 0, "%s: memory that could not be read", who);
    char *all[] = {private, shared, of_file, copy, segment, guarded};
    for (int i = 0; i < 6; i++)
        require(is_huge(all[i]), "%s: mapping %d is not in huge pages", who, i);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    int up[2], down[2], status, fd = must(memfd_create("huge", MFD_HUGETLB));
    must(pipe(up));
    must(pipe(down));
    must(ftruncate(fd, Bytes));
    int id = must(shmget(IPC_PRIVATE, Bytes, SHM_HUGETLB | 0600));
    say("segment %d", id);
    private = map(MAP_PRIVATE, -1);
    shared = map(MAP_SHARED, -1);
    of_file = map(MAP_SHARED, fd);
    copy = map(MAP_PRIVATE, fd);
    guarded = map(MAP_PRIVATE, -1);
    segment = must(shmat(id, NULL, 0));
    fill(private, Page, 1);
    fill(private + Page, Page, 2);
    fill(shared + 64, Page, 3);
    fill(of_file, Page, 4);
    fill(segment, Page, 6);
    fill(guarded, Page, 7);
    must(mprotect(guarded, Bytes, PROT_NONE));
    uint64_t own = 100;
    char byte;
    pid_t child = must(fork());
    if (child == 0)
        own = 200;
    fill(private, Page, own);
    fill(copy, Page, own + 5);
    if (child == 0) {
        must(write(up[1], "r", 1));
        must(read(down[0], &byte, 1));
        check("child", own);
        shared[0] = 'c';
        of_file[Bytes - 1] = 'f';
        segment[Bytes - 1] = 's';
        return 0;
    }
    must(read(up[0], &byte, 1));
    ready_and_wait();

    check("parent", own);
    must(write(down[1], "g", 1));
    must(waitpid(child, &status, 0));
    require(status == 0, "the child ended with %x", status);
    require(shared[0] == 'c' && of_file[Bytes - 1] == 'f' && segment[Bytes - 1] == 's' && pread(fd, &byte, 1, Bytes - 1) == 1 && byte == 'f', "what the child wrote is not seen");
    must(shmctl(id, IPC_RMID, NULL));
    return pass();
}
