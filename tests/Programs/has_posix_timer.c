/*
 * Has a POSIX timer that ticks.
 * @refused timer
 */
#include "program.h"

static volatile int ticks;

static void on_tick(int number)
{
    (void)number;
    ticks++;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    must(signal(SIGRTMIN, on_tick) == SIG_ERR ? -1 : 0);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    struct itimerspec times = {{0, 20000000}, {0, 20000000}};
    timer_t timer;
    must(timer_create(CLOCK_MONOTONIC, &event, &timer));
    must(timer_settime(timer, 0, &times, NULL));
    ready_and_wait();
    int before = ticks;
    wait_until(ticks > before + 2, "the timer stopped");
    return pass();
}
