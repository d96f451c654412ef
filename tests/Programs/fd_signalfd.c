/*
 * signalfd: its mask, and signals that wait in the queue to be read from it.
 */
#include "program.h"
#include <sys/signalfd.h>

int main(int argc, char **argv)
{
    begin(argc, argv);
    sigset_t set;
    struct signalfd_siginfo info;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGRTMIN + 3);
    zero(pthread_sigmask(SIG_BLOCK, &set, NULL));
    int fd = must(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    must(sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = 4711}));
    must(kill(getpid(), SIGUSR2));
    ready_and_wait();

    require(read(fd, &info, sizeof info) == sizeof info && info.ssi_signo == SIGUSR2, "signal %u was read", info.ssi_signo);
    require(read(fd, &info, sizeof info) == sizeof info && info.ssi_signo == (unsigned)SIGRTMIN + 3 && info.ssi_int == 4711, "signal %u with %d was read", info.ssi_signo, info.ssi_int);
    require(read(fd, &info, sizeof info) == -1 && errno == EAGAIN, "there is a third signal");
    must(kill(getpid(), SIGUSR2));
    require(read(fd, &info, sizeof info) == sizeof info && info.ssi_signo == SIGUSR2, "a new signal is not read");
    return pass();
}
