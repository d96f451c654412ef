/*
 * Has a timer on the CPU time of its parent, which is not in the job.
 * @refused timer
 */
#include "program.h"

int main(int argc, char **argv)
{
    begin(argc, argv);
    clockid_t clock;
    zero(clock_getcpuclockid(getppid(), &clock));
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    timer_t timer;
    must(timer_create(clock, &event, &timer));
    ready_and_wait();
    must(timer_delete(timer));
    return pass();
}
