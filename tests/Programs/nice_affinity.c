/* Scheduling of each thread: nice value, policy, priority, affinity, I/O priority; and the process's OOM score. */
#include "program.h"
#include <sched.h>
#include <sys/resource.h>

enum { Threads = 4 };
static volatile int stop;
static pthread_barrier_t started;
static cpu_set_t allowed; /* of the process at its start */

typedef struct { int nice, policy, priority, io; cpu_set_t cpus; } Facts;

static Facts collect(void)
{
    Facts facts;
    memset(&facts, 0, sizeof facts);
    struct sched_param parameter;
    facts.nice = getpriority(PRIO_PROCESS, (id_t)thread_id());
    facts.policy = sched_getscheduler(0);
    must(sched_getparam(0, &parameter));
    facts.priority = parameter.sched_priority;
    facts.io = (int)syscall(SYS_ioprio_get, 1, 0);
    must(sched_getaffinity(0, sizeof facts.cpus, &facts.cpus));
    return facts;
}

static void set_up(long id)
{
    struct sched_param none = {0};
    must(setpriority(PRIO_PROCESS, (id_t)thread_id(), 3 + (int)id * 4));
    must(sched_setscheduler(0, id == 1 ? SCHED_BATCH : id == 2 ? SCHED_IDLE : id == 3 ? SCHED_OTHER | SCHED_RESET_ON_FORK : SCHED_OTHER, &none));
    must(syscall(SYS_ioprio_set, 1, 0, 2 << 13 | (int)(id + 2))); /* best effort, level 2 and up */
    int index = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE && id > 0; cpu++)
        if (CPU_ISSET(cpu, &allowed) && index++ == (int)id % CPU_COUNT(&allowed)) {
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            must(sched_setaffinity(0, sizeof one, &one));
        }
}

static void check(long id, const Facts *before)
{
    Facts now = collect();
    require(now.nice == before->nice, "thread %ld: nice %d, was %d", id, now.nice, before->nice);
    require(now.policy == before->policy && now.priority == before->priority, "thread %ld: policy %x, was %x", id, now.policy, before->policy);
    require(now.io == before->io, "thread %ld: I/O priority %x, was %x", id, now.io, before->io);
    require(CPU_EQUAL(&now.cpus, &before->cpus), "thread %ld: affinity", id);
}

static void *work(void *argument)
{
    long id = (long)argument;
    set_up(id);
    Facts before = collect();
    pthread_barrier_wait(&started);
    while (!stop)
        nap_ms(1);
    check(id, &before);
    return NULL;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    must(sched_getaffinity(0, sizeof allowed, &allowed));
    int fd = must(open("/proc/self/oom_score_adj", O_WRONLY));
    must(write(fd, "345", 3));
    close(fd);
    zero(pthread_barrier_init(&started, NULL, Threads));
    pthread_t threads[Threads];
    for (long i = 1; i < Threads; i++)
        threads[i] = start_thread(work, (void *)i);
    set_up(0);
    Facts before = collect();
    pthread_barrier_wait(&started);
    ready_and_wait();

    check(0, &before);
    char text[32];
    read_whole("/proc/self/oom_score_adj", text, sizeof text);
    require(atoi(text) == 345, "oom_score_adj is %s", text);
    stop = 1;
    for (int i = 1; i < Threads; i++)
        join(threads[i]);
    return pass();
}
