/*
 * Threads inside restartable sequences almost always: each loads the counter of its CPU, spins, and stores it plus one.
 * A sequence that was interrupted must be aborted, also by a dump or a restore, and the registration must survive, or
 * the sum of the counters is not the number of increments.
 * @thread-state
 */
#include "program.h"
#include <sys/rseq.h>

enum { Threads = 4, Cpus = 4096 };
static struct { uint64_t count; char pad[56]; } counters[Cpus] __attribute__((aligned(64)));
static uint64_t done[Threads], aborts[Threads];
static volatile int stop;

static struct rseq *registration(void) { return (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset); }

/* Returns 0 when the increment was committed, 1 when the sequence was aborted or the CPU changed before it began. */
static int increment(struct rseq *area, uint32_t cpu)
{
    uint64_t *counter = &counters[cpu].count;
    __asm__ goto volatile(
        ".pushsection __rseq_cs, \"aw\"\n .balign 32\n"
        "3: .long 0, 0\n .quad 1f, 2f - 1f, 4f\n .popsection\n"
        "leaq 3b(%%rip), %%rax\n movq %%rax, %[section]\n"
        "1: cmpl %[cpu], %[current]\n jnz %l[other]\n"
        "movq (%[counter]), %%rax\n"
        "movl $2000, %%ecx\n 5: decl %%ecx\n jnz 5b\n"
        "incq %%rax\n movq %%rax, (%[counter])\n"
        "2:\n"
        ".pushsection __rseq_failure, \"ax\"\n .byte 0x0f, 0xb9, 0x3d\n .long 0x53053053\n"
        "4: jmp %l[aborted]\n .popsection\n"
        : : [section] "m"(area->rseq_cs), [current] "m"(area->cpu_id), [cpu] "r"(cpu), [counter] "r"(counter)
        : "rax", "rcx", "cc", "memory" : other, aborted);
    return 0;
other:
aborted:
    return 1;
}

static void *work(void *argument)
{
    long id = (long)argument;
    struct rseq *area = registration();
    while (!stop) {
        uint32_t cpu = *(volatile uint32_t *)&area->cpu_id_start;
        if (increment(area, cpu) == 0)
            done[id]++;
        else
            aborts[id]++;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    if (__rseq_size == 0) { /* a kernel or a C library without it: nothing to carry */
        ready_and_wait();
        return pass();
    }
    pthread_t threads[Threads];
    for (long i = 0; i < Threads; i++)
        threads[i] = start_thread(work, (void *)i);
    wait_until(*(volatile uint64_t *)&done[0] > 1000, "the sequences make no progress");
    ready_and_wait();
    uint64_t before = *(volatile uint64_t *)&done[0], aborted = 0;
    wait_until(*(volatile uint64_t *)&done[0] > before + 1000, "the sequences stand still after the restore");
    stop = 1;
    uint64_t wanted = 0, found = 0;
    for (int i = 0; i < Threads; i++) {
        join(threads[i]);
        wanted += done[i];
        aborted += aborts[i];
    }
    for (int i = 0; i < Cpus; i++)
        found += counters[i].count;
    require(found == wanted, "%lu increments, counters sum to %lu, %lu aborts", wanted, found, aborted);
    require((int32_t)registration()->cpu_id >= 0, "the main thread lost its registration");
    return pass();
}
