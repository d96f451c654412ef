/*
 * CLOCK_MONOTONIC and CLOCK_BOOTTIME of a time namespace that are days ahead of those of the host, as are those of another boot: they go on as the wall clock
 * does, and what waits for an absolute time of theirs comes in time: clock_nanosleep, a futex, POSIX timers, timerfds. A time that was measured from
 * the host's clocks would be days away, or over at once.
 */
#include "program.h"
#include <sched.h>
#include <stdatomic.h>
#include <sys/timerfd.h>

enum { StepMs = 100, SlackMs = 5000, HourS = 3600, DaysAhead = 3 };

static const char *inside = "CLOCK_DEADLINES_INSIDE";
static atomic_long steps[3];
static atomic_int is_over;

static long now_ms(clockid_t clock)
{
    struct timespec now;
    must(clock_gettime(clock, &now));
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct timespec at_ms(long ms)
{
    return (struct timespec){ms / 1000, ms % 1000 * 1000000};
}

/* Each waits for one absolute time after the other; which of them it has reached is how the others know that it came in time. */
static void *by_nanosleep(void *start)
{
    for (long step = 1; !is_over; step++) {
        struct timespec until = at_ms(*(long *)start + step * StepMs);
        int result;
        while ((result = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL)) == EINTR)
            ;
        zero(result);
        steps[0] = step;
    }
    return NULL;
}

static void *by_futex(void *start)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t never;
    pthread_condattr_t attributes;
    zero(pthread_condattr_init(&attributes));
    zero(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
    zero(pthread_cond_init(&never, &attributes));
    zero(pthread_mutex_lock(&mutex));
    for (long step = 1; !is_over; step++) {
        struct timespec until = at_ms(*(long *)start + step * StepMs);
        int result;
        while ((result = pthread_cond_timedwait(&never, &mutex, &until)) == 0)
            ;
        require(result == ETIMEDOUT, "pthread_cond_timedwait: %s", strerror(result));
        steps[1] = step;
    }
    return NULL;
}

static void *by_timerfd(void *start)
{
    int timer = must(timerfd_create(CLOCK_BOOTTIME, 0));
    struct itimerspec every = {at_ms(StepMs), at_ms(*(long *)start + StepMs)};
    must(timerfd_settime(timer, TFD_TIMER_ABSTIME, &every, NULL));
    for (uint64_t ticks; !is_over; steps[2] += (long)ticks)
        require(read(timer, &ticks, sizeof ticks) == sizeof ticks, "read of a timerfd");
    return NULL;
}

/* The offsets are those of children, and of this process once it has called execve. */
static void enter(char **argv)
{
    char offsets[80];
    int length = snprintf(offsets, sizeof offsets, "monotonic %d 500000000\nboottime %d 0\n", DaysAhead * 24 * HourS, 2 * DaysAhead * 24 * HourS);
    must(unshare(CLONE_NEWTIME));
    int file = must(open("/proc/self/timens_offsets", O_WRONLY));
    require(write(file, offsets, (size_t)length) == length, "write of timens_offsets: %s", strerror(errno));
    close(file);
    must(setenv(inside, "1", 1));
    must(execv("/proc/self/exe", argv));
}

int main(int argc, char **argv)
{
    if (getenv(inside) == NULL)
        enter(argv);
    begin(argc, argv);
    long real = now_ms(CLOCK_REALTIME), monotonic = now_ms(CLOCK_MONOTONIC), boot = now_ms(CLOCK_BOOTTIME);
    require(monotonic >= DaysAhead * 24L * HourS * 1000, "the clock is not ahead");
    void *(*waits[])(void *) = {by_nanosleep, by_futex, by_timerfd};
    long starts[] = {monotonic, monotonic, boot};
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        threads[i] = start_thread(waits[i], &starts[i]);
    int far = must(timerfd_create(CLOCK_MONOTONIC, 0));
    struct itimerspec hour = {{0, 0}, at_ms(monotonic + HourS * 1000)}, left;
    must(timerfd_settime(far, TFD_TIMER_ABSTIME, &hour, NULL));
    timer_t timer;
    struct sigevent none = {.sigev_notify = SIGEV_NONE};
    must(timer_create(CLOCK_MONOTONIC, &none, &timer));
    must(timer_settime(timer, TIMER_ABSTIME, &hour, NULL));
    ready_and_wait();

    long passed = now_ms(CLOCK_REALTIME) - real;
    require(labs(now_ms(CLOCK_MONOTONIC) - monotonic - passed) < SlackMs, "of %ld ms, CLOCK_MONOTONIC saw %ld", passed, now_ms(CLOCK_MONOTONIC) - monotonic);
    require(labs(now_ms(CLOCK_BOOTTIME) - boot - passed) < SlackMs, "of %ld ms, CLOCK_BOOTTIME saw %ld", passed, now_ms(CLOCK_BOOTTIME) - boot);
    must(timerfd_gettime(far, &left));
    long lost = monotonic + HourS * 1000 - now_ms(CLOCK_MONOTONIC) - (left.it_value.tv_sec * 1000 + left.it_value.tv_nsec / 1000000);
    require(labs(lost) < 50, "an absolute time of a timerfd is %ld ms off", lost);
    must(timer_gettime(timer, &left));
    require(left.it_value.tv_sec > HourS - 600 && left.it_value.tv_sec <= HourS, "%ld s are left of an hour", left.it_value.tv_sec);
    for (int i = 0; i < 3; i++) {
        clockid_t clock = i == 2 ? CLOCK_BOOTTIME : CLOCK_MONOTONIC;
        for (long waited = 0; (now_ms(clock) - starts[i]) / StepMs - steps[i] > 10; waited += 10, nap_ms(10))
            require(waited < SlackMs * 2, "wait %d is at step %ld, where %ld have passed", i, (long)steps[i], (now_ms(clock) - starts[i]) / StepMs);
        require(steps[i] <= (now_ms(clock) - starts[i]) / StepMs, "wait %d is %ld steps ahead", i, steps[i] - (now_ms(clock) - starts[i]) / StepMs);
    }
    is_over = 1;
    for (int i = 0; i < 3; i++)
        join(threads[i]);
    return pass();
}
