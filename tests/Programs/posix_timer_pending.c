/*
 * Timers whose signals are blocked and pending: each is taken once, the one-shot timer has ended, the periodic one goes on and
 * counts what it missed.
 * @go file
 */
#include "program.h"

static sigset_t blocked;

static int take(int number, siginfo_t *info)
{
    sigset_t one;
    struct timespec none = {0, 0};
    sigemptyset(&one);
    sigaddset(&one, number);
    return sigtimedwait(&one, info, &none);
}

static timer_t start(int number, int value, long period_ms, int periodic)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = number, .sigev_value = {.sival_int = value}};
    struct itimerspec times = {{0, periodic ? period_ms * 1000000 : 0}, {0, period_ms * 1000000}};
    timer_t timer;
    must(timer_create(CLOCK_MONOTONIC, &event, &timer));
    must(timer_settime(timer, 0, &times, NULL));
    return timer;
}

static int is_pending(int number)
{
    sigset_t set;
    must(sigpending(&set));
    return sigismember(&set, number);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGRTMIN + 2);
    sigaddset(&blocked, SIGRTMIN + 3);
    sigaddset(&blocked, SIGALRM);
    zero(pthread_sigmask(SIG_BLOCK, &blocked, NULL));
    timer_t shot = start(SIGRTMIN + 2, 22, 1, 0), periodic = start(SIGRTMIN + 3, 33, 10, 1), alarms = start(SIGALRM, 44, 10, 1);
    wait_until(is_pending(SIGRTMIN + 2) && is_pending(SIGRTMIN + 3) && is_pending(SIGALRM), "no signal is pending");
    ready();
    wait_for_go_file();

    siginfo_t info;
    struct itimerspec now;
    require(take(SIGRTMIN + 2, &info) == SIGRTMIN + 2, "the signal of the one-shot timer is lost");
    require(info.si_code == SI_TIMER && info.si_value.sival_int == 22 && info.si_overrun == 0, "code %d, value %d", info.si_code, info.si_value.sival_int);
    require(take(SIGRTMIN + 2, &info) == -1 && errno == EAGAIN, "the signal of the one-shot timer came twice");
    must(timer_gettime(shot, &now));
    require(now.it_value.tv_sec == 0 && now.it_value.tv_nsec == 0, "the one-shot timer is armed");

    nap_ms(35); /* what is pending is not queued again, but counted */
    require(take(SIGRTMIN + 3, &info) == SIGRTMIN + 3, "the signal of the periodic timer is lost");
    require(info.si_code == SI_TIMER && info.si_value.sival_int == 33, "code %d, value %d", info.si_code, info.si_value.sival_int);
    require(info.si_overrun >= 3, "%d overruns", info.si_overrun);
    require(timer_getoverrun(periodic) == info.si_overrun, "timer_getoverrun gives %d", timer_getoverrun(periodic));
    wait_until(is_pending(SIGRTMIN + 3), "the periodic timer stopped");
    require(take(SIGALRM, &info) == SIGALRM && info.si_overrun >= 3, "the signal of the other timer: %d overruns", info.si_overrun);
    must(timer_delete(alarms));
    return pass();
}
