/*
 * A deep recursion: its frames are whole when it returns, and the main stack still grows afterwards (MAP_GROWSDOWN and
 * RLIMIT_STACK), with the guard gap below it.
 * @cflags -O1
 */
#include "program.h"

static __attribute__((noinline)) uint64_t deeper(int depth, int limit, int is_waiting)
{
    volatile uint64_t frame[64];
    for (int i = 0; i < 64; i++)
        frame[i] = mix((uint64_t)(depth * 64 + i));
    uint64_t below = 0;
    if (depth < limit)
        below = deeper(depth + 1, limit, is_waiting);
    else if (is_waiting)
        ready_and_wait();
    for (int i = 0; i < 64; i++)
        require(frame[i] == mix((uint64_t)(depth * 64 + i)), "frame %d", depth);
    return below + 1;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    require(deeper(0, 3000, 1) == 3001, "depth");      /* about 1.6 MiB */
    require(deeper(0, 10000, 0) == 10001, "growth");   /* about 5.5 MiB, under the usual 8 MiB */
    return pass();
}
