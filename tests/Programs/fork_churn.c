/*
 * Short-lived child processes all the time: a freeze must catch every one that it counts, each exit code is reaped once.
 * @tree
 */
#include "program.h"

static volatile int stop;
static volatile uint64_t turns;

static void *work(void *unused)
{
    while (!stop) {
        pid_t children[3];
        for (int i = 0; i < 3; i++) {
            children[i] = must(fork());
            if (children[i] == 0) {
                uint64_t state = turns;
                for (int n = 0; n < 20000; n++)
                    state = mix(state);
                _exit((int)(turns + (uint64_t)i) & 63);
            }
        }
        for (int i = 0; i < 3; i++) {
            int status = 0;
            must(waitpid(children[i], &status, 0));
            require(WIFEXITED(status) && WEXITSTATUS(status) == ((int)(turns + (uint64_t)i) & 63), "child of turn %lu ended with %x", turns, status);
        }
        turns++;
    }
    return unused;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    pthread_t thread = start_thread(work, NULL);
    wait_until(turns > 5, "no turns");
    ready_and_wait();
    uint64_t before = turns;
    wait_until(turns > before + 10, "no turns after the restore");
    stop = 1;
    join(thread);
    return pass();
}
