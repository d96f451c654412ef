/*
 * A thread reads a file with O_DIRECT into its memory all the time: the disk writes there by itself, into pages that were
 * pinned before. What was read last must be there.
 * @steps
 */
#include "program.h"

enum { Page = 4096, BlockPages = 4, BlockBytes = BlockPages * Page, Blocks = 256, Slots = 64 };
static char *slots;
static volatile uint64_t held[Slots], turns; /* what each slot was read from, one more than the block's number */
static volatile int stop;
static int fd;

static void *work(void *unused)
{
    while (!stop) {
        uint64_t turn = turns, slot = mix(turn) % Slots, block = mix(turn + 7) % Blocks;
        held[slot] = 0; /* a dump may come in the middle of the read: then the slot is read again after the restore */
        ssize_t got = pread(fd, slots + slot * BlockBytes, BlockBytes, (off_t)(block * BlockBytes));
        require(got == BlockBytes, "read of block %lu: %ld, %s", block, got, strerror(errno));
        held[slot] = block + 1;
        turns = turn + 1;
        if (turn % 8 == 0)
            nap_ms(1);
    }
    return unused;
}

static void change(int number)
{
    (void)number;
    uint64_t before = turns;
    wait_until(turns > before + 16, "nothing is read");
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    fd = must(open(scratch_path("data"), O_RDWR | O_CREAT | O_TRUNC, 0600));
    char *bulk = must(mmap(NULL, Blocks * BlockBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    fill(bulk, Blocks * BlockBytes, 3);
    require(write(fd, bulk, Blocks * BlockBytes) == Blocks * BlockBytes, "write: %s", strerror(errno));
    must(fsync(fd));
    close(fd);
    fd = must(open(scratch_path("data"), O_RDONLY | O_DIRECT));
    slots = must(mmap(NULL, Slots * BlockBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    pthread_t thread = start_thread(work, NULL);
    wait_until(turns > Slots, "no turns");
    take_steps(change);
    change(0);
    stop = 1;
    join(thread);
    for (unsigned slot = 0; slot < Slots; slot++) {
        char *at = slots + slot * BlockBytes;
        require(held[slot] == 0 ? is_zero(at, BlockBytes) : memcmp(at, bulk + (held[slot] - 1) * BlockBytes, BlockBytes) == 0,
                "slot %u does not hold block %lu after turn %lu", slot, held[slot] - 1, turns);
    }
    require(differs(bulk, Blocks * BlockBytes, 3) < 0, "what was never touched changed");
    return pass();
}
