/* Registrations for membarrier(2), of all kinds that there are; the time stamp counter forbidden to one thread. */
#include "program.h"
#include <linux/membarrier.h>
#include <sys/prctl.h>

enum { GetRegistrations = 1 << 9 };

static const int commands[] = {
    MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED,           MEMBARRIER_CMD_GLOBAL_EXPEDITED,           MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED,
    MEMBARRIER_CMD_PRIVATE_EXPEDITED,                   MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE,
    MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE,         MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ,
};
enum { Commands = sizeof commands / sizeof *commands };

static volatile int stop, is_set;

static int barrier(int command) { return (int)syscall(SYS_membarrier, command, 0, 0); }

static void *work(void *unused)
{
    int mode = 0;
    must(prctl(PR_SET_TSC, PR_TSC_SIGSEGV));
    is_set = 1;
    while (!stop)
        syscall(SYS_futex, &stop, 0 /* FUTEX_WAIT */, 0, NULL, NULL, 0);
    must(prctl(PR_GET_TSC, &mode));
    must(prctl(PR_SET_TSC, PR_TSC_ENABLE));
    require(mode == PR_TSC_SIGSEGV, "the mode of the counter is %d", mode);
    return unused;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    int known = must(barrier(MEMBARRIER_CMD_QUERY));
    for (int i = 0; i < Commands; i += 2)
        if (known & commands[i])
            must(barrier(commands[i]));
    int registered = barrier(GetRegistrations);
    pthread_t thread = start_thread(work, NULL);
    wait_until(is_set, "the thread does not start");
    ready_and_wait();

    for (int i = 0; i < Commands; i += 2)
        require(!(known & commands[i]) || barrier(commands[i + 1]) == 0, "membarrier(%d): %s", commands[i + 1], strerror(errno));
    require(barrier(GetRegistrations) == registered, "registered are %x, not %x", barrier(GetRegistrations), registered);
    stop = 1;
    syscall(SYS_futex, &stop, 1 /* FUTEX_WAKE */, 1, NULL, NULL, 0);
    join(thread);
    return pass();
}
