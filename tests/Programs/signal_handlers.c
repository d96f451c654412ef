/*
 * The action of every signal: handler, flags, mask, ignored ones, defaults. Afterwards a handler with SA_SIGINFO runs
 * with its mask, one with SA_RESETHAND once, and SA_RESTART restarts a read.
 * @go file
 */
#include "program.h"

static struct sigaction before[65];
static volatile int plain, informed, mask_was_right, once;
static int quiet[2];

static void on_plain(int number) { plain = number; }
static void on_once(int number) { once += number; }

static void on_info(int number, siginfo_t *info, void *context)
{
    sigset_t now;
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    mask_was_right = sigismember(&now, SIGUSR2) && sigismember(&now, SIGRTMIN + 3) && sigismember(&now, number) &&
                     !sigismember(&now, SIGHUP) && context != NULL;
    informed = info->si_code == SI_QUEUE ? info->si_value.sival_int : -1;
}

static void *reader(void *unused)
{
    char byte;
    ssize_t got = read(quiet[0], &byte, 1);
    require(got == 1 && byte == 'x', "a read with SA_RESTART returned %zd, %s", got, strerror(errno));
    return unused;
}

static void set_actions(void)
{
    for (int number = 1; number < SIGRTMAX; number++) {
        struct sigaction action = {.sa_handler = number % 3 == 0 ? SIG_IGN : on_plain};
        sigemptyset(&action.sa_mask);
        sigaddset(&action.sa_mask, 1 + mix((uint64_t)number) % 30);
        action.sa_flags = (number & 1 ? SA_RESTART : 0) | (number & 2 ? SA_NODEFER : 0) | (number & 4 ? SA_ONSTACK : 0) |
                          (number == SIGCHLD ? SA_NOCLDSTOP | SA_NOCLDWAIT : 0);
        int fixed = number == SIGKILL || number == SIGSTOP || (number >= 32 && number < SIGRTMIN) || number == SIGSEGV;
        if (!fixed)
            must(sigaction(number, &action, NULL));
    }
    struct sigaction info = {.sa_sigaction = on_info, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaddset(&info.sa_mask, SIGUSR2);
    sigaddset(&info.sa_mask, SIGRTMIN + 3);
    must(sigaction(SIGRTMIN + 1, &info, NULL));
    struct sigaction reset = {.sa_handler = on_once, .sa_flags = (int)SA_RESETHAND};
    must(sigaction(SIGWINCH, &reset, NULL));
    struct sigaction restart = {.sa_handler = on_plain, .sa_flags = SA_RESTART};
    must(sigaction(SIGUSR2, &restart, NULL));
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    must(pipe(quiet));
    set_actions();
    for (int number = 1; number < 65; number++)
        sigaction(number, NULL, &before[number]); /* fails for the two of the C library */
    pthread_t reading = start_thread(reader, NULL);
    ready();
    wait_for_go_file();

    for (int number = 1; number < 65; number++) {
        struct sigaction now = {0};
        sigaction(number, NULL, &now);
        require(now.sa_handler == before[number].sa_handler, "signal %d: handler", number);
        require(now.sa_flags == before[number].sa_flags, "signal %d: flags %x, were %x", number, now.sa_flags, before[number].sa_flags);
        require(memcmp(&now.sa_mask, &before[number].sa_mask, 8) == 0, "signal %d: mask", number);
    }
    must(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 4711}));
    wait_until(informed != 0, "SA_SIGINFO handler does not run");
    require(informed == 4711 && mask_was_right, "SA_SIGINFO handler: value %d, mask %d", informed, mask_was_right);
    must(raise(SIGWINCH));
    must(raise(SIGWINCH)); /* the default of SIGWINCH is to be ignored */
    require(once == SIGWINCH, "SA_RESETHAND handler ran with sum %d", once);
    must(raise(SIGSYS));
    require(plain == 0 || SIGSYS % 3 != 0, "an ignored signal was handled");
    zero(pthread_kill(reading, SIGUSR2));
    wait_until(plain == SIGUSR2, "no SIGUSR2");
    must(write(quiet[1], "x", 1));
    join(reading);
    return pass();
}
