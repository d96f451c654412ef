/*
 * A thread blocked in read on an empty pipe, one blocked in write on a full pipe, both with both ends inside. After the
 * restore the first gets what is then written, the second goes on when room is made.
 * @thread-state
 */
#include "program.h"

static int empty[2], full[2];
static size_t filled;

static void *reader(void *unused)
{
    char text[32];
    ssize_t got = read(empty[0], text, sizeof text);
    require(got == 5 && memcmp(text, "hello", 5) == 0, "read returned %zd, %s", got, strerror(errno));
    got = read(empty[0], text, sizeof text);
    require(got == 0, "end of file expected, got %zd", got);
    return unused;
}

static void *writer(void *unused)
{
    static char block[100000];
    fill(block, sizeof block, 7);
    ssize_t put = write(full[1], block, sizeof block);
    require(put == sizeof block, "write returned %zd, %s", put, strerror(errno));
    return unused;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    must(pipe(empty));
    must(pipe(full));
    static char page[4096];
    must(fcntl(full[1], F_SETFL, O_NONBLOCK));
    while (write(full[1], page, sizeof page) == sizeof page)
        filled += sizeof page;
    must(fcntl(full[1], F_SETFL, 0));
    pthread_t reading = start_thread(reader, NULL), writing = start_thread(writer, NULL);
    ready_and_wait();

    must(write(empty[1], "hello", 5));
    close(empty[1]);
    join(reading);
    static char all[400000];
    size_t total = 0;
    while (total < filled + 100000)
        total += (size_t)must(read(full[0], all + total, filled + 100000 - total));
    join(writing);
    for (size_t i = 0; i < filled; i++)
        require(all[i] == 0, "byte %zu of the full pipe", i);
    require(differs(all + filled, 100000, 7) < 0, "the blocked writer's bytes differ");
    return pass();
}
