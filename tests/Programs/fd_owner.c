/*
 * Signal-driven I/O: owner, signal and O_ASYNC of a pipe; writing into it sends the signal with the descriptor to the thread that is the owner.
 */
#include "program.h"

static volatile sig_atomic_t came, came_fd, came_thread;

static void on_signal(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    came_fd = info->si_fd;
    came_thread = thread_id();
    came = 1;
}

static volatile int stop;
static volatile pid_t owner;

static void *own(void *unused)
{
    owner = thread_id();
    while (!stop)
        nap_ms(1);
    return unused;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    int ends[2], quiet[2];
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    must(sigaction(SIGRTMIN + 1, &action, NULL));
    pthread_t thread = start_thread(own, NULL);
    wait_until(owner != 0, "no thread");
    must(pipe(ends));
    must(pipe(quiet));
    struct f_owner_ex wanted = {F_OWNER_TID, owner}, got = {0, 0}, process = {F_OWNER_PID, getpid()};
    must(fcntl(ends[0], F_SETOWN_EX, &wanted));
    must(fcntl(ends[0], F_SETSIG, SIGRTMIN + 1));
    must(fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK));
    must(fcntl(quiet[1], F_SETOWN_EX, &process));
    ready_and_wait();

    require(must(fcntl(ends[0], F_GETSIG)) == SIGRTMIN + 1 && must(fcntl(ends[0], F_GETFL)) & O_ASYNC, "signal %d, flags %x", fcntl(ends[0], F_GETSIG), fcntl(ends[0], F_GETFL));
    must(fcntl(ends[0], F_GETOWN_EX, &got));
    require(got.type == F_OWNER_TID && got.pid == owner, "the owner is %d %d", got.type, got.pid);
    must(fcntl(quiet[1], F_GETOWN_EX, &got));
    require(got.type == F_OWNER_PID && got.pid == getpid(), "the owner of the quiet pipe is %d %d", got.type, got.pid);
    must(write(ends[1], "x", 1));
    wait_until(came, "no signal came");
    require(came_fd == ends[0] && came_thread == owner, "the signal named descriptor %d and came to thread %d", came_fd, came_thread);
    stop = 1;
    join(thread);
    return pass();
}
