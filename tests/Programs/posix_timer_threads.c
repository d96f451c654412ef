/*
 * Timers that tell a thread (SIGEV_THREAD_ID) or start one (SIGEV_THREAD), timers on the CPU time of threads, and one whose thread has ended.
 * @go file
 */
#include "program.h"

enum { Threads = 3, BudgetMs = 60 };

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static volatile int stop, calls, ticks[Threads], stray, created;
static timer_t cpu[Threads], orphan;
static __thread int number = -1;

static void on_tick(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number;
    (void)context;
    if (number < 0 || info->si_value.sival_int != number)
        stray++;
    else
        ticks[number]++;
}

static void on_call(union sigval value)
{
    if (value.sival_int == 99)
        calls++;
}

static void start_own(int value, clockid_t clock, long nanoseconds, timer_t *timer)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN + 4, .sigev_value = {.sival_int = value}};
    event.sigev_notify_thread_id = thread_id();
    struct itimerspec times = {{0, nanoseconds}, {0, nanoseconds}};
    must(timer_create(clock, &event, timer));
    must(timer_settime(*timer, 0, &times, NULL));
}

static void *work(void *argument)
{
    timer_t tick;
    number = (int)(long)argument;
    start_own(number, CLOCK_MONOTONIC, 10000000, &tick);
    /* On its own CPU time, without a signal: what is left tells whose time it counts. */
    struct sigevent none = {.sigev_notify = SIGEV_NONE};
    struct itimerspec times = {{0, 0}, {5000 * (number + 1), 0}};
    must(timer_create(CLOCK_THREAD_CPUTIME_ID, &none, &cpu[number]));
    must(timer_settime(cpu[number], 0, &times, NULL));
    __atomic_add_fetch(&created, 1, __ATOMIC_SEQ_CST);
    while (!stop)
        nap_ms(2);
    struct itimerspec before, after;
    must(timer_gettime(cpu[number], &before));
    uint64_t end = clock_ns(CLOCK_THREAD_CPUTIME_ID) + BudgetMs * 1000000u;
    while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < end)
        ;
    must(timer_gettime(cpu[number], &after));
    long used_ms = (before.it_value.tv_sec - after.it_value.tv_sec) * 1000 + (before.it_value.tv_nsec - after.it_value.tv_nsec) / 1000000;
    require(used_ms >= BudgetMs - 1 && used_ms <= BudgetMs + 30, "thread %d: the timer counted %ld ms of %d", number, used_ms, BudgetMs);
    require(after.it_value.tv_sec / 5000 == number, "thread %d: %ld s left", number, after.it_value.tv_sec);
    return NULL;
}

static void *leave_timer(void *unused)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN + 5};
    event.sigev_notify_thread_id = thread_id();
    must(timer_create(CLOCK_MONOTONIC, &event, &orphan));
    return unused;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    struct sigaction action = {.sa_sigaction = on_tick, .sa_flags = SA_SIGINFO | SA_RESTART};
    must(sigaction(SIGRTMIN + 4, &action, NULL));
    join(start_thread(leave_timer, NULL));
    pthread_t threads[Threads];
    for (long i = 0; i < Threads; i++)
        threads[i] = start_thread(work, (void *)i);
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_call, .sigev_value = {.sival_int = 99}};
    struct itimerspec times = {{0, 10000000}, {0, 10000000}};
    timer_t caller;
    must(timer_create(CLOCK_MONOTONIC, &event, &caller));
    must(timer_settime(caller, 0, &times, NULL));
    wait_until(created == Threads && calls > 2 && ticks[0] > 2 && ticks[1] > 2 && ticks[2] > 2, "the timers do not start");
    ready();
    wait_for_go_file();

    int before[Threads] = {ticks[0], ticks[1], ticks[2]}, called = calls;
    for (int i = 0; i < Threads; i++)
        wait_until(ticks[i] > before[i] + 2, "the timer of thread %d stopped", i);
    wait_until(calls > called + 2, "the timer that starts threads stopped");
    must(timer_delete(caller));
    stop = 1;
    for (int i = 0; i < Threads; i++)
        join(threads[i]);
    struct itimerspec now;
    require(timer_gettime(orphan, &now) == 0, "the timer without a thread is gone");
    require(stray == 0, "%d signals came to the wrong thread", stray);
    return pass();
}
