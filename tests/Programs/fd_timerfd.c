/*
 * timerfd: expirations that were not read, intervals, time that is left, a timer that is not armed, an absolute wall time, a thread that waits for one, and intervals so short that
 * they end while somebody looks at them.
 */
#include "program.h"
#include <sys/timerfd.h>

enum { HourS = 3600 };

static void *await(void *argument)
{
    uint64_t ticks = 0;
    require(read(*(int *)argument, &ticks, sizeof ticks) == sizeof ticks && ticks == 1, "the waiting thread read %lu", ticks);
    return NULL;
}

static int armed(int clock, int flags, long first_s, long first_ns, long interval_ns)
{
    int fd = must(timerfd_create(clock, TFD_NONBLOCK));
    struct itimerspec value = {{interval_ns / 1000000000, interval_ns % 1000000000}, {first_s, first_ns}};
    must(timerfd_settime(fd, flags, &value, NULL));
    return fd;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    struct itimerspec now;
    uint64_t ticks;
    int expired = armed(CLOCK_MONOTONIC, 0, 0, 1000000, 1000000), once = armed(CLOCK_REALTIME, 0, HourS, 0, 0);
    int idle = must(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC)), late = armed(CLOCK_MONOTONIC, 0, HourS, 0, 5000000000);
    int wall = armed(CLOCK_REALTIME, TFD_TIMER_ABSTIME, time(NULL) + HourS, 0, 0);
    int fast = armed(CLOCK_MONOTONIC, 0, 0, 1000000, 20000), to_time = armed(CLOCK_BOOTTIME, TFD_TIMER_ABSTIME, 1, 0, 20000);
    int waited = must(timerfd_create(CLOCK_MONOTONIC, 0));
    pthread_t thread = start_thread(await, &waited);
    nap_ms(30);
    ready_and_wait();

    require(read(expired, &ticks, sizeof ticks) == sizeof ticks && ticks >= 20, "%lu expirations are left of 20", ticks);
    int goes_on[] = {expired, fast, to_time};
    for (int i = 0; i < 3; i++) {
        require(i == 0 || read(goes_on[i], &ticks, sizeof ticks) == sizeof ticks, "timer %d has not ticked", i);
        nap_ms(5);
        require(read(goes_on[i], &ticks, sizeof ticks) == sizeof ticks, "timer %d has stopped", i);
    }
    must(timerfd_gettime(expired, &now));
    require(now.it_interval.tv_nsec == 1000000, "the interval is %ld ns", now.it_interval.tv_nsec);
    must(timerfd_gettime(once, &now));
    require(now.it_value.tv_sec > HourS - 600 && now.it_value.tv_sec <= HourS, "%ld s are left of an hour", now.it_value.tv_sec);
    must(timerfd_gettime(late, &now));
    require(now.it_value.tv_sec > HourS - 600 && now.it_interval.tv_sec == 5, "%ld s are left of an hour, every %ld", now.it_value.tv_sec, now.it_interval.tv_sec);
    must(timerfd_gettime(wall, &now));
    require(now.it_value.tv_sec > HourS - 600 && now.it_value.tv_sec <= HourS, "the wall time is %ld s away", now.it_value.tv_sec);
    must(timerfd_gettime(idle, &now));
    require(now.it_value.tv_sec == 0 && now.it_value.tv_nsec == 0, "a timer that was not armed is");
    require(must(fcntl(idle, F_GETFD)) == FD_CLOEXEC && must(fcntl(once, F_GETFL)) & O_NONBLOCK, "flags are lost");
    struct itimerspec soon = {{0, 0}, {0, 1000000}};
    must(timerfd_settime(waited, 0, &soon, NULL));
    join(thread);
    return pass();
}
