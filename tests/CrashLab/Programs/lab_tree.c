/*
 * A parent and two children that pass a number around in a ring of pipes. Each counts for itself, and the number must be its own count. Ends when the file SCRATCH.go is there,
 * and the parent reaps both with the right exit codes.
 */
#include "../../Programs/program.h"

enum { Children = 2, PauseMs = 5, FirstCode = 40 };

static void receive(int in, uint64_t *number)
{
    ssize_t got;
    do {
        got = read(in, number, sizeof *number);
    } while (got < 0 && errno == EINTR);
    require(got == sizeof *number, "read of the ring gave %zd: %s", got, strerror(errno));
}

static void serve(int id, int in, int out)
{
    pid_t me = getpid(), parent = getppid();
    for (uint64_t count = 1;; count++) {
        uint64_t number;
        receive(in, &number);
        if (number == 0) {
            must(write(out, &number, sizeof number));
            _exit(FirstCode + id);
        }
        require(number == count, "child %d got %lu as its %lu. number", id, number, count);
        require(getpid() == me && getppid() == parent, "child %d is %d below %d", id, getpid(), getppid());
        must(write(out, &number, sizeof number));
    }
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    must(nice(19)); /* dumps come first, in a machine that is slow enough */
    int ring[Children + 1][2], status;
    pid_t children[Children];
    for (int i = 0; i <= Children; i++)
        must(pipe2(ring[i], O_CLOEXEC));
    for (int i = 0; i < Children; i++)
        if ((children[i] = must(fork())) == 0)
            serve(i, ring[i][0], ring[i + 1][1]);
    ready();
    const char *go = scratch_path("go");
    uint64_t number = 1, back;
    for (; access(go, F_OK) != 0; number++) {
        must(write(ring[0][1], &number, sizeof number));
        receive(ring[Children][0], &back);
        require(back == number, "%lu came back as %lu", number, back);
        nap_ms(PauseMs);
    }
    number = 0;
    must(write(ring[0][1], &number, sizeof number));
    receive(ring[Children][0], &back);
    require(back == 0, "the end came back as %lu", back);
    for (int i = 0; i < Children; i++) {
        require(must(waitpid(children[i], &status, 0)) == children[i], "another child ended");
        require(WIFEXITED(status) && WEXITSTATUS(status) == FirstCode + i, "child %d ended with %x", i, status);
    }
    return pass();
}
