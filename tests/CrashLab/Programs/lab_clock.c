/*
 * Waits for one absolute time of CLOCK_MONOTONIC after the other, and for a timer that ticks by CLOCK_BOOTTIME: over reboots, all clocks go on as if only the time of the outage had
 * passed, no wait ends before its time, and none is forgotten. Ends when the file SCRATCH.go is there.
 */
#include "../../Programs/program.h"
#include <stdatomic.h>
#include <sys/timerfd.h>

enum { StepMs = 200, SlackMs = 8000, UnreadTicks = 3 };

static atomic_long ticks;
static atomic_int is_over;

static long now_ms(clockid_t clock) { return (long)(clock_ns(clock) / 1000000); }

static void *tick(void *start)
{
    int timer = must(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC));
    long first = *(long *)start + StepMs;
    struct itimerspec every = {{0, StepMs * 1000000}, {first / 1000, first % 1000 * 1000000}};
    must(timerfd_settime(timer, TFD_TIMER_ABSTIME, &every, NULL));
    for (uint64_t passed; !is_over; ticks += (long)passed)
        require(read(timer, &passed, sizeof passed) == sizeof passed, "read of a timerfd");
    return NULL;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    long real = now_ms(CLOCK_REALTIME), monotonic = now_ms(CLOCK_MONOTONIC), boot = now_ms(CLOCK_BOOTTIME), last = monotonic;
    pthread_t ticker = start_thread(tick, &boot);
    ready();
    const char *go = scratch_path("go");
    long step = 1;
    for (; access(go, F_OK) != 0; step++) {
        long wanted = monotonic + step * StepMs;
        struct timespec until = {wanted / 1000, wanted % 1000 * 1000000};
        int result;
        while ((result = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL)) == EINTR)
            ;
        zero(result);
        long now = now_ms(CLOCK_MONOTONIC), passed = now_ms(CLOCK_REALTIME) - real;
        require(now >= wanted, "step %ld came %ld ms early", step, wanted - now);
        require(now >= last, "CLOCK_MONOTONIC went back by %ld ms", last - now);
        require(labs(now - monotonic - passed) < SlackMs, "of %ld ms, CLOCK_MONOTONIC saw %ld", passed, now - monotonic);
        require(labs(now_ms(CLOCK_BOOTTIME) - boot - passed) < SlackMs, "of %ld ms, CLOCK_BOOTTIME saw %ld", passed, now_ms(CLOCK_BOOTTIME) - boot);
        last = now;
    }
    wait_until((now_ms(CLOCK_BOOTTIME) - boot) / StepMs - ticks <= UnreadTicks, "the timer has ticked %ld times in %ld ms", (long)ticks, now_ms(CLOCK_BOOTTIME) - boot);
    require(ticks <= (now_ms(CLOCK_BOOTTIME) - boot) / StepMs, "the timer has ticked %ld times in %ld ms", (long)ticks, now_ms(CLOCK_BOOTTIME) - boot);
    is_over = 1;
    join(ticker);
    say("%ld steps in %ld ms", step, now_ms(CLOCK_REALTIME) - real);
    return pass();
}
