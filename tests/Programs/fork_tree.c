/*
 * A tree of processes: a parent, two children, a grandchild in its own process group, talking over pipes. A token goes
 * down the tree and back; exit codes are reaped by the right parent.
 * @tree
 */
#include "program.h"

/* Answers every byte with the byte plus its number, by way of a grandchild where it has one. */
static void serve(int number, int in, int out, int deeper_in, int deeper_out)
{
    char byte;
    pid_t me = getpid(), parent = getppid();
    while (read(in, &byte, 1) == 1) {
        if (deeper_out >= 0) {
            must(write(deeper_out, &byte, 1));
            must(read(deeper_in, &byte, 1));
        }
        if (getpid() != me || getppid() != parent)
            byte = '!';
        byte = (char)(byte + number);
        must(write(out, &byte, 1));
    }
}

static int start_child(int number, int has_child, int *in, int *out)
{
    int down[2], up[2], lower_in = -1, lower_out = -1;
    must(pipe2(down, O_CLOEXEC));
    must(pipe2(up, O_CLOEXEC));
    pid_t child = must(fork());
    if (child > 0) {
        close(down[0]);
        close(up[1]);
        *in = up[0];
        *out = down[1];
        return child;
    }
    for (int fd = 3; fd < 64; fd++)
        if (fd != down[0] && fd != up[1])
            close(fd); /* also what a sibling's pipes left: it would never see the end of file */
    pid_t grandchild = 0;
    int status = 0;
    if (has_child)
        grandchild = start_child(number + 10, 0, &lower_in, &lower_out);
    else if (number > 10)
        must(setpgid(0, 0));
    serve(number, down[0], up[1], lower_in, lower_out);
    if (grandchild > 0) {
        close(lower_out);
        must(waitpid(grandchild, &status, 0));
        if (WEXITSTATUS(status) != number + 10)
            _exit(99);
    }
    _exit(number);
}

static void ask(const char *name, int in, int out, char sent, char wanted)
{
    char byte = 0;
    must(write(out, &sent, 1));
    require(read(in, &byte, 1) == 1 && byte == wanted, "%s answered %d, not %d", name, byte, wanted);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    int first_in, first_out, second_in, second_out, status;
    pid_t first = start_child(1, 1, &first_in, &first_out);
    pid_t second = start_child(2, 0, &second_in, &second_out);
    ask("first child", first_in, first_out, 20, 32);
    ask("second child", second_in, second_out, 20, 22);
    ready_and_wait();

    ask("first child", first_in, first_out, 40, 52);
    ask("second child", second_in, second_out, 40, 42);
    close(first_out);
    must(waitpid(first, &status, 0));
    require(WIFEXITED(status) && WEXITSTATUS(status) == 1, "first child ended with %x", status);
    close(second_out);
    must(waitpid(second, &status, 0));
    require(WIFEXITED(status) && WEXITSTATUS(status) == 2, "second child ended with %x", status);
    return pass();
}
