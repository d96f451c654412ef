/* Every thread has its own alternate signal stack; the handler runs on it after the restore. One has none. */
#include "program.h"

enum { Threads = 4, StackBytes = 65536 };
static char *stacks[Threads];
static __thread volatile uintptr_t ran_at;
static volatile int stop;
static pthread_barrier_t started;

static void on_signal(int number)
{
    (void)number;
    ran_at = (uintptr_t)__builtin_frame_address(0);
}

static void *work(void *argument)
{
    long i = (long)argument;
    stack_t stack = {.ss_sp = stacks[i], .ss_size = StackBytes}, now;
    if (i > 0)
        must(sigaltstack(&stack, NULL));
    pthread_barrier_wait(&started);
    while (!stop)
        nap_ms(1);
    must(sigaltstack(NULL, &now));
    if (i == 0) {
        require(now.ss_flags == SS_DISABLE, "thread 0 got an alternate stack");
        return NULL;
    }
    require(now.ss_sp == stacks[i] && now.ss_size == StackBytes && now.ss_flags == 0, "thread %ld: stack differs", i);
    must(syscall(SYS_tgkill, getpid(), thread_id(), SIGUSR2));
    require(ran_at - (uintptr_t)stacks[i] < StackBytes, "thread %ld: handler ran elsewhere", i);
    return NULL;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    must(sigaction(SIGUSR2, &action, NULL));
    zero(pthread_barrier_init(&started, NULL, Threads + 1));
    pthread_t threads[Threads];
    for (long i = 0; i < Threads; i++) {
        stacks[i] = must(mmap(NULL, StackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        threads[i] = start_thread(work, (void *)i);
    }
    pthread_barrier_wait(&started);
    ready_and_wait();
    stop = 1;
    for (int i = 0; i < Threads; i++)
        join(threads[i]);
    return pass();
}
