/*
 * Children by posix_spawn (vfork and exec) all the time: a thread in vfork cannot be stopped before its child has called exec, and must neither
 * be waited for in vain nor be refused. Each exit code is reaped once.
 * @tree
 */
#include "program.h"
#include <spawn.h>

static volatile int stop;
static volatile uint64_t turns;

static void *work(void *unused)
{
    char *arguments[] = {"sh", "-c", "exit 7", NULL};
    char *environment[] = {NULL};
    while (!stop) {
        pid_t child;
        int status = 0;
        zero(posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environment));
        must(waitpid(child, &status, 0));
        require(WIFEXITED(status) && WEXITSTATUS(status) == 7, "child of turn %lu ended with %x", turns, status);
        turns++;
    }
    return unused;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    pthread_t thread = start_thread(work, NULL);
    wait_until(turns > 5, "no turns");
    ready_and_wait();
    uint64_t before = turns;
    wait_until(turns > before + 10, "no turns after the restore");
    stop = 1;
    join(thread);
    return pass();
}
