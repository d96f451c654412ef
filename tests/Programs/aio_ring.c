/*
 * Contexts of io_setup: one fresh, one with events that were not read, one whose ring has gone round and was moved; their addresses, which are their
 * names; requests go on.
 */
#include "program.h"
#include <linux/aio_abi.h>

typedef struct { unsigned id, nr, head, tail, magic, compat, incompat, header_length; } Ring;
static int null_fd;

static aio_context_t make(unsigned events)
{
    aio_context_t context = 0;
    must((int)syscall(SYS_io_setup, events, &context));
    return context;
}

static void submit(aio_context_t context, uint64_t data)
{
    char byte = 'x';
    struct iocb request = {.aio_data = data, .aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = (unsigned)null_fd, .aio_buf = (uintptr_t)&byte, .aio_nbytes = 1}, *list[] = {&request};
    require(syscall(SYS_io_submit, context, 1L, list) == 1, "io_submit: %s", strerror(errno));
}

static void expect(aio_context_t context, uint64_t data)
{
    struct io_event event;
    require(syscall(SYS_io_getevents, context, 1L, 1L, &event, NULL) == 1, "io_getevents: %s", strerror(errno));
    require(event.data == data && event.res == 1, "an event of request %llu and not %llu", (unsigned long long)event.data, (unsigned long long)data);
}

static void expect_none(aio_context_t context)
{
    struct io_event event;
    require(syscall(SYS_io_getevents, context, 0L, 1L, &event, NULL) == 0, "an event too many");
}

static void check_ring(aio_context_t context, Ring was)
{
    Ring *ring = (Ring *)context;
    require(ring->nr == was.nr && ring->head == was.head && ring->tail == was.tail && ring->magic == was.magic, "ring of %u at %u to %u, was of %u at %u to %u", ring->nr, ring->head, ring->tail, was.nr, was.head, was.tail);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    null_fd = must(open("/dev/null", O_WRONLY));
    aio_context_t fresh = make(1), unread = make(64), round = make(300);
    for (unsigned i = 0; i < 20; i++)
        submit(unread, 100 + i);
    for (unsigned i = 0; i < 7; i++)
        expect(unread, 100 + i);
    unsigned turns = ((Ring *)round)->nr + 5;
    for (unsigned i = 0; i < turns; i++) {
        submit(round, i);
        if (i >= 9)
            expect(round, i - 9);
    }
    size_t bytes = (((Ring *)round)->nr + 1) * sizeof(struct io_event);
    void *place = must(mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    round = (aio_context_t)must(mremap((void *)round, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, place));
    Ring was[] = {*(Ring *)fresh, *(Ring *)unread, *(Ring *)round};
    ready_and_wait();

    check_ring(fresh, was[0]);
    check_ring(unread, was[1]);
    check_ring(round, was[2]);
    expect_none(fresh);
    submit(unread, 500);
    for (unsigned i = 7; i < 20; i++)
        expect(unread, 100 + i);
    expect(unread, 500);
    expect_none(unread);
    for (unsigned i = turns - 9; i < turns; i++)
        expect(round, i);
    expect_none(round);
    for (unsigned i = 0; i < 700; i++) {
        submit(round, i);
        submit(fresh, i + 1);
        expect(round, i);
        expect(fresh, i + 1);
    }
    must((int)syscall(SYS_io_destroy, fresh));
    must((int)syscall(SYS_io_destroy, unread));
    must((int)syscall(SYS_io_destroy, round));
    return pass();
}
