/*
 * Process and thread ids stay the same; a thread of before can be joined (the kernel clears its tid address on exit
 * and wakes the joiner), signalled, and new threads can be started.
 */
#include "program.h"

enum { Threads = 5 };
static pid_t ids[Threads];
static volatile int stop;
static volatile int signalled;
static pthread_barrier_t started;

static void on_signal(int number)
{
    (void)number;
    signalled = thread_id();
}

static void *work(void *argument)
{
    long i = (long)argument;
    ids[i] = thread_id();
    pthread_barrier_wait(&started);
    while (!stop)
        nap_ms(1);
    require(thread_id() == ids[i], "thread %ld was %d and is %d", i, ids[i], thread_id());
    return argument;
}

static void *nothing(void *argument) { return argument; }

int main(int argc, char **argv)
{
    begin(argc, argv);
    signal(SIGUSR2, on_signal);
    pid_t process = getpid(), group = getpgid(0), session = getsid(0);
    zero(pthread_barrier_init(&started, NULL, Threads + 1));
    pthread_t threads[Threads];
    for (long i = 0; i < Threads; i++)
        threads[i] = start_thread(work, (void *)i);
    pthread_barrier_wait(&started);
    ready_and_wait();

    require(getpid() == process && thread_id() == process, "pid was %d and is %d", process, getpid());
    require(syscall(SYS_getpid) == process, "the kernel's pid differs");
    require(getpgid(0) == group && getsid(0) == session, "group %d, session %d", getpgid(0), getsid(0));
    zero(pthread_kill(threads[2], SIGUSR2));
    wait_until(signalled != 0, "no signal");
    require(signalled == ids[2], "signal for thread %d went to %d", ids[2], signalled);
    stop = 1;
    for (long i = 0; i < Threads; i++)
        require(join(threads[i]) == (void *)i, "result of thread %ld", i);
    for (long i = 0; i < 20; i++)
        require(join(start_thread(nothing, (void *)i)) == (void *)i, "new thread %ld", i);
    return pass();
}
