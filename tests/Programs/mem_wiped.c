/*
 * Memory that a child of fork does not get: MADV_WIPEONFORK, and MAP_DROPPABLE (Linux 6.11), whose pages the kernel may drop at any time, and a restore does; a child that was
 * born before the dump and one that is born after it.
 * @tree
 */
#include "program.h"

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif
enum { Bytes = 1 << 20 };
static char *wiped, *droppable;

static void check_child(void)
{
    require(is_zero(wiped, Bytes) && is_zero(droppable, Bytes), "a child has the memory");
    fill(wiped, Bytes, 7);
    _exit(0);
}

static void await(pid_t child)
{
    int status;
    must(waitpid(child, &status, 0));
    require(status == 0, "a child ended with %x", status);
}

static int has_flag(const char *at, const char *flag)
{
    static char text[1 << 20];
    char wanted[64], flags[256] = "";
    read_whole("/proc/self/smaps", text, sizeof text);
    snprintf(wanted, sizeof wanted, "%lx-", (unsigned long)at);
    char *found = strstr(text, wanted);
    if (found && (found = strstr(found, "VmFlags:")))
        sscanf(found, "%255[^\n]", flags);
    return strstr(flags, flag) != NULL;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    int down[2], up[2];
    char byte;
    must(pipe(down));
    must(pipe(up));
    wiped = must(mmap(NULL, Bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    must(madvise(wiped, Bytes, MADV_WIPEONFORK));
    droppable = mmap(NULL, Bytes, PROT_READ | PROT_WRITE, MAP_DROPPABLE | MAP_ANONYMOUS, -1, 0);
    int has_droppable = droppable != MAP_FAILED;
    if (!has_droppable) {
        require(errno == EINVAL || errno == EOPNOTSUPP, "MAP_DROPPABLE: %s", strerror(errno));
        droppable = must(mmap(NULL, Bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        must(madvise(droppable, Bytes, MADV_WIPEONFORK));
    }
    fill(wiped, Bytes, 1);
    fill(droppable, Bytes, 2);
    pid_t child = must(fork());
    if (child == 0) {
        require(is_zero(wiped, Bytes), "the child has the memory before the dump");
        fill(wiped, Bytes, 3);
        must(write(up[1], "r", 1));
        must(read(down[0], &byte, 1));
        require(differs(wiped, Bytes, 3) < 0, "what the child wrote is lost");
        if ((child = must(fork())) == 0)
            check_child();
        await(child);
        return 0;
    }
    must(read(up[0], &byte, 1));
    ready_and_wait();

    require(differs(wiped, Bytes, 1) < 0, "memory that is wiped on fork");
    for (int i = 0; i < Bytes; i += 4096) {
        require(is_zero(droppable + i, 4096) || differs(droppable + i, 4096, 2 + (uint64_t)i / 8) < 0, "a droppable page is neither whole nor dropped");
    }
    require(has_flag(wiped, " wf") && (!has_droppable || has_flag(droppable, " dp")), "flags");
    must(write(down[1], "g", 1));
    await(child);
    if ((child = must(fork())) == 0)
        check_child();
    await(child);
    require(differs(wiped, Bytes, 1) < 0, "the memory after a fork");
    return pass();
}
