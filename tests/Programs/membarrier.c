/* Registrations for membarrier(2), of all kinds that there are; memory merging (PR_SET_MEMORY_MERGE) where the kernel has it. */
#include "program.h"
#include <linux/membarrier.h>
#include <sys/prctl.h>

enum { GetRegistrations = 1 << 9, SetMemoryMerge = 67, GetMemoryMerge = 68 };

static const int commands[] = {
    MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED,           MEMBARRIER_CMD_GLOBAL_EXPEDITED,           MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED,
    MEMBARRIER_CMD_PRIVATE_EXPEDITED,                   MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE,
    MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE,         MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ,
};
enum { Commands = sizeof commands / sizeof *commands };

static int barrier(int command) { return (int)syscall(SYS_membarrier, command, 0, 0); }

int main(int argc, char **argv)
{
    begin(argc, argv);
    int known = must(barrier(MEMBARRIER_CMD_QUERY));
    for (int i = 0; i < Commands; i += 2)
        if (known & commands[i])
            must(barrier(commands[i]));
    int registered = barrier(GetRegistrations), merges = prctl(SetMemoryMerge, 1, 0, 0, 0) == 0;
    ready_and_wait();

    for (int i = 0; i < Commands; i += 2)
        require(!(known & commands[i]) || barrier(commands[i + 1]) == 0, "membarrier(%d): %s", commands[i + 1], strerror(errno));
    require(barrier(GetRegistrations) == registered, "registered are %x, not %x", barrier(GetRegistrations), registered);
    require(!merges || prctl(GetMemoryMerge, 0, 0, 0, 0) == 1, "memory is not merged any more");
    return pass();
}
