/*
 * exec between two dumps, first in a child, then in the root: PID and start time stay, but nothing that a tracker knows of
 * the memory holds any more.
 * @tree
 * @steps
 */
#include "program.h"

enum { Page = 4096, Pages = 1024 };
static char *map;
static uint64_t seed;
static char executable[512];
static int ask, answer;
static pid_t child;

/* Memory whose contents differ from one program image to the next. */
static void fill_memory(uint64_t wanted)
{
    map = must(mmap(NULL, Pages * Page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    fill(map, Pages * Page, wanted);
    must(madvise(map + 64 * Page, (size_t)(wanted & 15) * Page, MADV_DONTNEED));
    seed = wanted;
}

static int is_right(void)
{
    size_t hole = (seed & 15) * Page;
    return differs(map, 64 * Page, seed) < 0 && is_zero(map + 64 * Page, hole)
        && differs(map + 64 * Page + hole, (Pages - 64) * Page - hole, seed + (64 * Page + hole) / 8) < 0;
}

static void become(int role, int in, int out, pid_t other)
{
    char words[4][16];
    int numbers[4] = {role, in, out, other};
    for (int i = 0; i < 4; i++)
        snprintf(words[i], sizeof words[i], "%d", numbers[i]);
    execl(executable, executable, scratch, words[0], words[1], words[2], words[3], NULL);
    fail("exec of %s: %s", executable, strerror(errno));
}

/* The child: 'x' makes it exec, 'v' makes it say whether its memory is right. */
static void serve(int in, int out, int has_executed)
{
    char byte;
    fill_memory(has_executed ? 0x2003 : 0x1001);
    must(write(out, "r", 1));
    while (read(in, &byte, 1) == 1) {
        if (byte == 'x')
            become(1, in, out, 0);
        must(write(out, is_right() ? "y" : "n", 1));
    }
    _exit(0);
}

static char request(char byte)
{
    must(write(ask, &byte, 1));
    require(read(answer, &byte, 1) == 1, "the child does not answer");
    return byte;
}

static void change(int number)
{
    if (number == 1)
        require(request('x') == 'r', "the child is not ready after its exec");
    else
        become(2, answer, ask, child);
}

static void start_child(void)
{
    int down[2], up[2];
    char byte;
    must(pipe(down)); /* without close-on-exec: they survive it */
    must(pipe(up));
    child = must(fork());
    if (child == 0) {
        close(down[1]);
        close(up[0]);
        serve(down[0], up[1], 0);
    }
    close(down[0]);
    close(up[1]);
    ask = down[1];
    answer = up[0];
    require(read(answer, &byte, 1) == 1 && byte == 'r', "the child is not ready");
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    executable[must(readlink("/proc/self/exe", executable, sizeof executable - 1))] = 0;
    int role = argc > 2 ? atoi(argv[2]) : 0, done, status;
    if (role == 1)
        serve(atoi(argv[3]), atoi(argv[4]), 1);
    if (role == 0) {
        start_child();
        fill_memory(0x3005);
        done = take_steps(change);
    } else {
        answer = atoi(argv[3]);
        ask = atoi(argv[4]);
        child = atoi(argv[5]);
        fill_memory(0x400a);
        say("step 2");
        done = take_steps_from(2, change);
    }
    require(is_right(), "memory of the root after step %d", done);
    require(request('v') == 'y', "memory of the child after step %d", done);
    close(ask);
    require(must(waitpid(child, &status, 0)) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with %x", status);
    return pass();
}
