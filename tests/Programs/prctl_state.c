/* What prctl sets: no_new_privs, dumpable, transparent huge pages, timer slack (per thread), subreaper, keepcaps; and what goes into a core file. */
#include "program.h"
#include <sys/prctl.h>

static volatile int stop, is_set;

static void *work(void *unused)
{
    must(prctl(PR_SET_TIMERSLACK, 77777));
    is_set = 1;
    while (!stop)
        nap_ms(1);
    require(prctl(PR_GET_TIMERSLACK) == 77777, "timer slack of the thread is %d", prctl(PR_GET_TIMERSLACK));
    return unused;
}

static void core_filter(char *text)
{
    if (access("/proc/self/coredump_filter", R_OK) == 0)
        read_whole("/proc/self/coredump_filter", text, 16);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    char filter[16] = "", filter_now[16] = "";
    int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
    if (fd >= 0)
        require(must(write(fd, "0x71", 4)) == 4 && close(fd) == 0, "the core filter");
    core_filter(filter);
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    must(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
    must(prctl(PR_SET_TIMERSLACK, 123456));
    must(prctl(PR_SET_CHILD_SUBREAPER, 1));
    must(prctl(PR_SET_KEEPCAPS, 1));
    must(prctl(PR_SET_DUMPABLE, 0));
    pthread_t thread = start_thread(work, NULL);
    wait_until(is_set, "the thread does not start");
    ready_and_wait();

    int subreaper = 0;
    must(prctl(PR_GET_CHILD_SUBREAPER, &subreaper));
    require(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, "no_new_privs");
    require(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1, "THP disable");
    require(prctl(PR_GET_TIMERSLACK) == 123456, "timer slack is %d", prctl(PR_GET_TIMERSLACK));
    require(subreaper == 1, "child subreaper");
    require(prctl(PR_GET_KEEPCAPS) == 1, "keepcaps");
    require(prctl(PR_GET_DUMPABLE) == 0, "dumpable is %d", prctl(PR_GET_DUMPABLE));
    must(prctl(PR_SET_DUMPABLE, 1));
    core_filter(filter_now);
    require(strcmp(filter, filter_now) == 0, "the core filter is %s instead of %s", filter_now, filter);
    stop = 1;
    join(thread);
    return pass();
}
