/*
 * Blocked pending signals, directed at the process and at threads: number, order, code, sender and the values of
 * queued real-time signals; a standard signal sent twice is pending once.
 * @go file
 */
#include "program.h"

enum { Queued = 7 };
static volatile int stop;
static pthread_barrier_t started;
static sigset_t all;

static void expect(const char *who, int number, int code, int value)
{
    sigset_t one;
    siginfo_t info;
    struct timespec none = {0, 0};
    sigemptyset(&one);
    sigaddset(&one, number);
    int got = (int)syscall(SYS_rt_sigtimedwait, &one, &info, &none, 8); /* glibc's turns SI_TKILL into SI_USER */
    require(got == number, "%s: signal %d is not pending (%s)", who, number, strerror(errno));
    require(info.si_code == code, "%s: signal %d has code %d, not %d", who, number, info.si_code, code);
    require(info.si_pid == getpid() && info.si_uid == getuid(), "%s: signal %d from %d", who, number, info.si_pid);
    if (code == SI_QUEUE)
        require(info.si_value.sival_int == value, "%s: signal %d has value %d, not %d", who, number, info.si_value.sival_int, value);
}

static void expect_none(const char *who)
{
    siginfo_t info;
    struct timespec none = {0, 0};
    int got = sigtimedwait(&all, &info, &none);
    require(got == -1 && errno == EAGAIN, "%s: signal %d is pending too often", who, got);
}

static void *work(void *argument)
{
    long id = (long)argument;
    for (int i = 0; i < Queued; i++)
        zero(pthread_sigqueue(pthread_self(), SIGRTMIN + 2, (union sigval){.sival_int = (int)(id * 100 + i)}));
    must(syscall(SYS_tgkill, getpid(), thread_id(), SIGUSR2));
    pthread_barrier_wait(&started);
    while (!stop)
        nap_ms(1);
    for (int i = 0; i < Queued; i++)
        expect("thread", SIGRTMIN + 2, SI_QUEUE, (int)(id * 100 + i));
    expect("thread", SIGUSR2, SI_TKILL, 0);
    pthread_barrier_wait(&started);
    pthread_barrier_wait(&started);
    expect_none("thread");
    return NULL;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    sigfillset(&all);
    zero(pthread_sigmask(SIG_BLOCK, &all, NULL));
    sigdelset(&all, SIGCHLD);
    zero(pthread_barrier_init(&started, NULL, 3));
    pthread_t first = start_thread(work, (void *)1L), second = start_thread(work, (void *)2L);
    pthread_barrier_wait(&started);
    for (int i = 0; i < Queued; i++)
        must(sigqueue(getpid(), SIGRTMIN + 5, (union sigval){.sival_int = i * 3}));
    must(kill(getpid(), SIGTERM));
    must(kill(getpid(), SIGTERM));
    ready();
    wait_for_go_file();

    stop = 1;
    pthread_barrier_wait(&started); /* the threads took their own; what is left belongs to the process */
    for (int i = 0; i < Queued; i++)
        expect("process", SIGRTMIN + 5, SI_QUEUE, i * 3);
    expect("process", SIGTERM, SI_USER, 0);
    expect_none("process");
    pthread_barrier_wait(&started);
    join(first);
    join(second);
    return pass();
}
