/* OpenMP: a team of threads that meets at barriers all the time. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { Count = 1 << 16 };
static long cells[2][Count];

int main(int argc, char **argv)
{
    int steps = argc > 1 ? atoi(argv[1]) : 0, now = 0;
    for (int step = 0; step < steps; step++) {
        long sum = 0;
        for (int round = 0; round < 20; round++, now = !now) {
#pragma omp parallel for
            for (int i = 0; i < Count; i++)
                cells[!now][i] = (cells[now][i] * 31 + cells[now][(i + 7) % Count] + i + step) % 1000003;
        }
#pragma omp parallel for reduction(+ : sum)
        for (int i = 0; i < Count; i++)
            sum += cells[now][i] ^ i;
        printf("step %d %ld\n", step, sum);
        fflush(stdout);
        if (argc > 2 && access(argv[2], F_OK) == 0)
            usleep(50000);
    }
    return 0;
}
