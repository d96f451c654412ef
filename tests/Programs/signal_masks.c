/*
 * Every thread's signal mask, and the mask that sigsuspend puts back: a thread in sigsuspend keeps waiting with the
 * temporary mask and has its old one afterwards.
 * @go file
 */
#include "program.h"

enum { Threads = 6 };
static volatile int stop, suspended_woke, handled;
static pthread_barrier_t started;

static void on_signal(int number) { handled = number; }

static sigset_t mask_of(long id)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    for (int number = 1; number <= 64; number++)
        if (number != SIGKILL && number != SIGSTOP && (number < 32 || number > 33) && mix((uint64_t)(id * 64 + number)) & 1)
            sigaddset(&set, number);
    return set;
}

static void check_mask(const char *who, long id, const sigset_t *wanted)
{
    sigset_t now;
    zero(pthread_sigmask(SIG_BLOCK, NULL, &now));
    for (int number = 1; number <= 64; number++)
        require(sigismember(&now, number) == sigismember(wanted, number), "%s %ld: signal %d is %sblocked", who, id, number,
                sigismember(&now, number) ? "" : "not ");
}

static void *work(void *argument)
{
    long id = (long)argument;
    sigset_t mask = mask_of(id);
    zero(pthread_sigmask(SIG_SETMASK, &mask, NULL));
    pthread_barrier_wait(&started);
    while (!stop)
        nap_ms(1);
    check_mask("thread", id, &mask);
    return NULL;
}

static void *suspended(void *unused)
{
    sigset_t blocked, open;
    sigfillset(&blocked);
    zero(pthread_sigmask(SIG_SETMASK, &blocked, NULL));
    zero(pthread_sigmask(SIG_BLOCK, NULL, &blocked)); /* without those that cannot be blocked */
    sigfillset(&open);
    sigdelset(&open, SIGRTMIN + 7);
    pthread_barrier_wait(&started);
    require(sigsuspend(&open) == -1 && errno == EINTR, "sigsuspend: %s", strerror(errno));
    require(handled == SIGRTMIN + 7, "sigsuspend ended without its signal");
    suspended_woke = 1;
    check_mask("suspended", 0, &blocked);
    return unused;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    must(signal(SIGRTMIN + 7, on_signal) == SIG_ERR ? -1 : 0);
    zero(pthread_barrier_init(&started, NULL, Threads + 2));
    pthread_t threads[Threads];
    for (long i = 0; i < Threads; i++)
        threads[i] = start_thread(work, (void *)i);
    pthread_t waiting = start_thread(suspended, NULL);
    sigset_t mine = mask_of(99);
    zero(pthread_sigmask(SIG_SETMASK, &mine, NULL));
    pthread_barrier_wait(&started);
    ready();
    wait_for_go_file();

    check_mask("main", 0, &mine);
    stop = 1;
    for (int i = 0; i < Threads; i++)
        join(threads[i]);
    require(!suspended_woke, "sigsuspend ended by itself");
    zero(pthread_kill(waiting, SIGRTMIN + 7));
    join(waiting);
    return pass();
}
