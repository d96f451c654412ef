/*
 * Clocks through the vDSO: they run on, never backwards, the vDSO is where the auxiliary vector says, and its
 * answers agree with the system calls. Half of the time two threads do nothing but call it, so that they are stopped there; the other half none does.
 */
#include "program.h"
#include <sched.h>
#include <sys/auxv.h>
#include <sys/time.h>

enum { PhaseNs = 50000000 };
static volatile int stop;
static volatile uint64_t calls;

static void *work(void *unused)
{
    uint64_t last = 0;
    while (!stop) {
        uint64_t now = now_ns();
        require(now >= last, "the clock went back from %lu to %lu", last, now);
        last = now;
        if (now / PhaseNs % 2)
            nap_ms(5);
        calls++;
    }
    return unused;
}

static uint64_t by_system_call(clockid_t clock)
{
    struct timespec now;
    must(syscall(SYS_clock_gettime, clock, &now));
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    uint64_t started = now_ns(), started_boot = clock_ns(CLOCK_BOOTTIME);
    unsigned long address = getauxval(AT_SYSINFO_EHDR);
    pthread_t threads[2] = {start_thread(work, NULL), start_thread(work, NULL)};
    ready_and_wait();

    uint64_t before = calls;
    wait_until(calls > before + 1000, "the clock readers stand still");
    require(getauxval(AT_SYSINFO_EHDR) == address, "auxiliary vector");
    require(memcmp((void *)address, "\177ELF", 4) == 0, "there is no vDSO at %lx", address);
    clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME, CLOCK_TAI, CLOCK_MONOTONIC_RAW};
    for (int i = 0; i < 5; i++) {
        uint64_t low = by_system_call(clocks[i]), middle = clock_ns(clocks[i]), high = by_system_call(clocks[i]);
        require(low <= middle && middle <= high, "clock %d: %lu is not in %lu..%lu", clocks[i], middle, low, high);
    }
    require(now_ns() > started && clock_ns(CLOCK_BOOTTIME) > started_boot, "time went back");
    struct timeval day;
    unsigned cpu, node;
    must(gettimeofday(&day, NULL));
    must(getcpu(&cpu, &node));
    require(labs(time(NULL) - day.tv_sec) <= 1 && cpu < 4096, "time or getcpu");
    stop = 1;
    join(threads[0]);
    join(threads[1]);
    return pass();
}
