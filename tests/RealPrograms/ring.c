/* MPI: the ranks compute, and send checksummed blocks round and round; after each step the first one writes what has gone round. */
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { Words = 1 << 13 };
static uint64_t block[Words], arrived[Words];

static uint64_t sum_of(const uint64_t *words)
{
    uint64_t sum = 0;
    for (int i = 0; i < Words; i++)
        sum = sum * 0x9e3779b97f4a7c15u + words[i];
    return sum;
}

static void fail(int rank, int step)
{
    fprintf(stderr, "rank %d: the block of step %d is damaged\n", rank, step);
    MPI_Abort(MPI_COMM_WORLD, 1);
}

int main(int argc, char **argv)
{
    int rank, ranks, steps = argc > 1 ? atoi(argv[1]) : 0;
    const char *slowly = argc > 2 ? argv[2] : "";
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    for (int i = 0; i < Words; i++)
        block[i] = (uint64_t)(rank * Words + i);
    for (int step = 0; step < steps; step++) {
        uint64_t own, other, all;
        for (int i = 0; i < Words; i++)
            block[i] = block[i] * 6364136223846793005u + block[(i + 7) % Words] + (uint64_t)step;
        own = sum_of(block);
        MPI_Sendrecv(block, Words, MPI_UINT64_T, (rank + 1) % ranks, 1, arrived, Words, MPI_UINT64_T, (rank + ranks - 1) % ranks, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        MPI_Sendrecv(&own, 1, MPI_UINT64_T, (rank + 1) % ranks, 2, &other, 1, MPI_UINT64_T, (rank + ranks - 1) % ranks, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (sum_of(arrived) != other)
            fail(rank, step);
        for (int i = 0; i < Words; i++)
            block[i] = arrived[i];
        MPI_Allreduce(&own, &all, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
        if (rank == 0) {
            printf("step %d %016llx\n", step, (unsigned long long)all);
            fflush(stdout);
        }
        if (access(slowly, F_OK) == 0)
            usleep(50000);
    }
    MPI_Finalize();
    return 0;
}
