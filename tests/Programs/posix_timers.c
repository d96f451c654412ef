/*
 * Timers of timer_create: several clocks, one-shot and periodic, with and without signals, IDs with holes. Those that tick go on ticking,
 * those that were far from their end have about as much time left, those that were not armed are not.
 * @go file
 */
#include "program.h"

enum { Ticking = 3, Far = 7, LongSeconds = 5000 };

struct one {
    clockid_t clock;
    int periodic;
    timer_t timer;
    volatile int ticks, wrong;
};

static struct one ticking[Ticking] = {{CLOCK_REALTIME, 1, 0, 0, 0}, {CLOCK_MONOTONIC, 1, 0, 0, 0}, {CLOCK_BOOTTIME, 1, 0, 0, 0}};
static struct one far[Far] = {
    {CLOCK_REALTIME, 0, 0, 0, 0},           {CLOCK_MONOTONIC, 1, 0, 0, 0},         {CLOCK_BOOTTIME, 0, 0, 0, 0}, {CLOCK_PROCESS_CPUTIME_ID, 1, 0, 0, 0},
    {CLOCK_THREAD_CPUTIME_ID, 0, 0, 0, 0}, {CLOCK_MONOTONIC, 0, 0, 0, 0 /* not armed */}, {CLOCK_TAI, 0, 0, 0, 0},
};

static void on_tick(int number, siginfo_t *info, void *context)
{
    (void)context;
    struct one *one = info->si_value.sival_ptr;
    if (number != SIGRTMIN + 1 || info->si_code != SI_TIMER || one < ticking || one >= ticking + Ticking || timer_getoverrun(one->timer) < 0)
        ticking[0].wrong++;
    else
        one->ticks++;
}

static void make_hole(void)
{
    timer_t timer;
    for (int i = 0; i < 5; i++) {
        must(timer_create(CLOCK_REALTIME, NULL, &timer));
        must(timer_delete(timer));
    }
}

static void create(struct one *one, int notify, int number)
{
    struct sigevent event = {.sigev_notify = notify, .sigev_signo = number, .sigev_value = {.sival_ptr = one}};
    make_hole();
    must(timer_create(one->clock, &event, &one->timer));
}

static void check_far(int i)
{
    struct itimerspec now;
    require(timer_gettime(far[i].timer, &now) == 0, "timer %d is gone: %s", i, strerror(errno));
    if (i == 5) {
        require(now.it_value.tv_sec == 0 && now.it_value.tv_nsec == 0, "timer %d is armed", i);
        return;
    }
    require(now.it_value.tv_sec > LongSeconds - 200 && now.it_value.tv_sec <= LongSeconds, "timer %d has %ld s left", i, now.it_value.tv_sec);
    require(now.it_interval.tv_sec == (far[i].periodic ? 77 : 0) && now.it_interval.tv_nsec == (far[i].periodic ? 123456789 : 0),
        "timer %d has the interval %ld.%09ld", i, now.it_interval.tv_sec, now.it_interval.tv_nsec);
    require(timer_getoverrun(far[i].timer) == 0, "timer %d has overruns", i);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    struct sigaction action = {.sa_sigaction = on_tick, .sa_flags = SA_SIGINFO | SA_RESTART};
    must(sigaction(SIGRTMIN + 1, &action, NULL));
    for (int i = 0; i < Ticking; i++) {
        struct itimerspec times = {{0, 7000000}, {0, 7000000}};
        create(&ticking[i], SIGEV_SIGNAL, SIGRTMIN + 1);
        must(timer_settime(ticking[i].timer, 0, &times, NULL));
    }
    for (int i = 0; i < Far; i++) {
        struct itimerspec times = {{far[i].periodic ? 77 : 0, far[i].periodic ? 123456789 : 0}, {LongSeconds, 0}};
        create(&far[i], i & 1 ? SIGEV_NONE : SIGEV_SIGNAL, SIGTERM);
        if (i != 5)
            must(timer_settime(far[i].timer, 0, &times, NULL));
    }
    for (int i = 0; i < Ticking; i++)
        wait_until(ticking[i].ticks > 2, "timer %d does not tick", i);
    ready();
    wait_for_go_file();

    for (int i = 0; i < Ticking; i++) {
        int before = ticking[i].ticks;
        wait_until(ticking[i].ticks > before + 3, "timer %d stopped after %d ticks", i, before);
    }
    require(ticking[0].wrong == 0, "%d ticks were wrong", ticking[0].wrong);
    for (int i = 0; i < Far; i++)
        check_far(i);
    for (int i = 0; i < Far; i++)
        must(timer_delete(far[i].timer));
    timer_t fresh;
    must(timer_create(CLOCK_MONOTONIC, NULL, &fresh));
    for (int i = 0; i < Ticking; i++)
        require(fresh != ticking[i].timer, "an ID was given twice");
    return pass();
}
