/*
 * Threads whose work shows every disturbance: one computes and takes queued signals that are counted, one pings through
 * pipes and may see no EINTR, one sleeps and polls in short turns. Each keeps looking at its signal mask, and counts its
 * turns in SCRATCH.beats, so that others see that it goes on.
 * @thread-state
 */
#include "program.h"
#include <poll.h>
#include <sys/time.h>

enum { Spinner, Pinger, Ponger, Sleeper, Sender, Threads, Words = 1 << 12 };
static volatile uint64_t *beats;
static volatile int stop;
static volatile uint64_t sent, received, alarms;
static int ping[2], pong[2];
static pthread_t threads[Threads];
static uint64_t block[Words];

static void block_signals(int own)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN + 2 + own);
    if (own != Spinner) {
        sigaddset(&set, SIGALRM);
        sigaddset(&set, SIGRTMIN);
    }
    zero(pthread_sigmask(SIG_SETMASK, &set, NULL));
}

static void beat(int id)
{
    sigset_t now;
    zero(pthread_sigmask(SIG_BLOCK, NULL, &now));
    for (int other = 0; other < Threads; other++)
        require(sigismember(&now, SIGRTMIN + 2 + other) == (other == id), "thread %d: mask of %d", id, other);
    require(sigismember(&now, SIGALRM) == (id != Spinner), "thread %d: SIGALRM in the mask", id);
    require(sigismember(&now, SIGTERM) == 0, "thread %d: SIGTERM is blocked", id);
    beats[id]++;
}

/* Takes some stack, as handlers do. */
static void on_number(int signal_number, siginfo_t *info, void *context)
{
    volatile char use[8192];
    (void)context;
    use[0] = use[sizeof use - 1] = (char)signal_number;
    require((uint64_t)info->si_value.sival_int == received + 1, "signal %d came after %lu", info->si_value.sival_int, received);
    received = (uint64_t)info->si_value.sival_int;
}

static void on_alarm(int signal_number)
{
    (void)signal_number;
    alarms++;
}

static void *spinner(void *unused)
{
    block_signals(Spinner);
    for (uint64_t turn = 0; !stop; turn++) {
        fill(block, sizeof block, turn);
        double sum = 0, back = 0;
        for (int i = 0; i < 2000; i++)
            sum += 1.0 / (i + 1 + (double)(turn & 7));
        for (int i = 0; i < 2000; i++)
            back += 1.0 / (i + 1 + (double)(turn & 7));
        require(sum == back, "the same sum is %a and %a", sum, back);
        require(differs(block, sizeof block, turn) < 0, "the block of turn %lu changed", turn);
        beat(Spinner);
    }
    return unused;
}

static void move(int fd, int writes, uint64_t *number)
{
    ssize_t done = writes ? write(fd, number, 8) : read(fd, number, 8);
    require(done == 8, "%s gave %zd: %s", writes ? "write" : "read", done, strerror(errno));
}

static void *pinger(void *unused)
{
    block_signals(Pinger);
    for (uint64_t number = 1; !stop; number++) {
        uint64_t answer = number;
        move(ping[1], 1, &answer);
        move(pong[0], 0, &answer);
        require(answer == mix(number), "pong of %lu", number);
        beat(Pinger);
        if (number % 16 == 0)
            nap_ms(1); /* waking each other without a pause, two threads starve the rest of a small machine */
    }
    close(ping[1]);
    return unused;
}

static void *ponger(void *unused)
{
    uint64_t number;
    block_signals(Ponger);
    for (;;) { /* until the pinger has closed its end */
        ssize_t done = read(ping[0], &number, 8);
        if (done == 0)
            break;
        require(done == 8, "read gave %zd: %s", done, strerror(errno));
        number = mix(number);
        move(pong[1], 1, &number);
        beat(Ponger);
    }
    return unused;
}

static void *sleeper(void *unused)
{
    block_signals(Sleeper);
    while (!stop) {
        struct timespec pause = {0, 300000}, rest;
        require(nanosleep(&pause, &rest) == 0, "nanosleep: %s", strerror(errno));
        require(poll(NULL, 0, 1) == 0, "poll: %s", strerror(errno));
        beat(Sleeper);
    }
    return unused;
}

static void *sender(void *unused)
{
    block_signals(Sender);
    while (!stop) {
        zero(pthread_sigqueue(threads[Spinner], SIGRTMIN, (union sigval){.sival_int = (int)++sent}));
        wait_until(received == sent, "signal %lu was lost", sent);
        beat(Sender);
    }
    return unused;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    int fd = must(open(scratch_path("beats"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    must(ftruncate(fd, 4096));
    beats = must(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    close(fd);
    must(pipe2(ping, O_CLOEXEC));
    must(pipe2(pong, O_CLOEXEC));
    must(sigaction(SIGRTMIN, &(struct sigaction){.sa_sigaction = on_number, .sa_flags = SA_SIGINFO | SA_RESTART}, NULL));
    must(sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm, .sa_flags = SA_RESTART}, NULL));
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigaddset(&set, SIGRTMIN);
    zero(pthread_sigmask(SIG_BLOCK, &set, NULL));
    void *(*entries[Threads])(void *) = {spinner, pinger, ponger, sleeper, sender};
    for (int id = 0; id < Threads; id++)
        threads[id] = start_thread(entries[id], NULL);
    struct itimerval every = {{0, 3000}, {0, 3000}};
    must(setitimer(ITIMER_REAL, &every, NULL));
    for (int id = 0; id < Threads; id++)
        wait_until(beats[id] > 0, "thread %d does not begin", id);
    ready_and_wait();
    uint64_t before[Threads];
    for (int id = 0; id < Threads; id++)
        before[id] = beats[id];
    for (int id = 0; id < Threads; id++)
        wait_until(beats[id] > before[id], "thread %d stands still", id);
    stop = 1;
    for (int id = Spinner; id < Threads; id++)
        join(threads[id]);
    require(sent == received, "%lu signals sent, %lu received", sent, received);
    require(alarms > 0, "no alarm");
    return pass();
}
