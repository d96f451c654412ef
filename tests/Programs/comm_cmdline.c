/* What /proc says of the process: names of threads, command line (also a rewritten one), environment, auxv, exe. */
#include "program.h"
#include <sys/prctl.h>

enum { Threads = 3 };
static volatile int stop;
static pthread_barrier_t started;

static void *work(void *argument)
{
    char name[32], now[32];
    snprintf(name, sizeof name, "odd) (na me%ld", (long)argument);
    must(prctl(PR_SET_NAME, name));
    pthread_barrier_wait(&started);
    while (!stop)
        nap_ms(1);
    must(prctl(PR_GET_NAME, now));
    require(strcmp(name, now) == 0, "thread name is \"%s\", was \"%s\"", now, name);
    return NULL;
}

typedef struct {
    char comm[64], command[4096], environment[32768], vector[2048], exe[512];
    size_t command_bytes, environment_bytes, vector_bytes;
} Facts;

static void collect(Facts *facts)
{
    memset(facts, 0, sizeof *facts);
    read_whole("/proc/self/comm", facts->comm, sizeof facts->comm);
    facts->command_bytes = read_whole("/proc/self/cmdline", facts->command, sizeof facts->command);
    facts->environment_bytes = read_whole("/proc/self/environ", facts->environment, sizeof facts->environment);
    facts->vector_bytes = read_whole("/proc/self/auxv", facts->vector, sizeof facts->vector);
    must(readlink("/proc/self/exe", facts->exe, sizeof facts->exe - 1));
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    must(prctl(PR_SET_NAME, "main name"));
    memset(argv[0], 'q', strlen(argv[0]) / 2); /* as setproctitle does */
    zero(pthread_barrier_init(&started, NULL, Threads + 1));
    pthread_t threads[Threads];
    for (long i = 0; i < Threads; i++)
        threads[i] = start_thread(work, (void *)i);
    pthread_barrier_wait(&started);
    static Facts before, now;
    collect(&before);
    require(before.vector_bytes > 100 && before.command_bytes > 2, "set-up");
    ready_and_wait();

    collect(&now);
    require(strcmp(before.comm, now.comm) == 0, "comm is %s, was %s", now.comm, before.comm);
    require(strcmp(before.exe, now.exe) == 0, "exe is %s, was %s", now.exe, before.exe);
    require(before.command_bytes == now.command_bytes && memcmp(before.command, now.command, now.command_bytes) == 0,
            "command line is %s, was %s", now.command, before.command);
    require(before.environment_bytes == now.environment_bytes &&
                memcmp(before.environment, now.environment, now.environment_bytes) == 0, "environment differs");
    require(before.vector_bytes == now.vector_bytes && memcmp(before.vector, now.vector, now.vector_bytes) == 0, "auxv differs");
    stop = 1;
    for (int i = 0; i < Threads; i++)
        join(threads[i]);
    return pass();
}
