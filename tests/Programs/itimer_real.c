/* Interval timers: the real one keeps ticking, the two on CPU time keep interval and rest. */
#include "program.h"
#include <sys/time.h>

static volatile int ticks;

static void on_alarm(int number)
{
    (void)number;
    ticks++;
}

static void check_cpu_timer(int which, const char *name)
{
    struct itimerval now;
    must(getitimer(which, &now));
    require(now.it_interval.tv_sec == 77 && now.it_interval.tv_usec == 5000, "%s: interval %ld", name, now.it_interval.tv_sec);
    require(now.it_value.tv_sec > 900 && now.it_value.tv_sec <= 1000, "%s: rest %ld", name, now.it_value.tv_sec);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    must(sigaction(SIGALRM, &action, NULL));
    struct itimerval fast = {{0, 20000}, {0, 20000}}, slow = {{77, 5000}, {1000, 0}}, now;
    must(setitimer(ITIMER_REAL, &fast, NULL));
    must(setitimer(ITIMER_VIRTUAL, &slow, NULL));
    must(setitimer(ITIMER_PROF, &slow, NULL));
    wait_until(ticks > 2, "the timer does not tick");
    ready_and_wait();

    int before = ticks;
    wait_until(ticks > before + 4, "the timer stopped after %d ticks", before);
    must(getitimer(ITIMER_REAL, &now));
    require(now.it_interval.tv_sec == 0 && now.it_interval.tv_usec == 20000, "interval is %ld us", now.it_interval.tv_usec);
    check_cpu_timer(ITIMER_VIRTUAL, "virtual");
    check_cpu_timer(ITIMER_PROF, "profiling");
    return pass();
}
