/*
 * Bytes inside pipes: some, a full pipe, a pipe enlarged to 1 MiB by F_SETPIPE_SZ, a non-blocking one, one whose writer
 * is closed (data, then end of file), one whose reader is closed (EPIPE), one in packet mode (O_DIRECT).
 */
#include "program.h"

static char buffer[1 << 20];

static void fill_up(int fd, size_t bytes, uint64_t seed)
{
    fill(buffer, bytes, seed);
    for (size_t done = 0; done < bytes;)
        done += (size_t)must(write(fd, buffer + done, bytes - done));
}

static void expect(const char *name, int fd, size_t bytes, uint64_t seed)
{
    memset(buffer, 0, sizeof buffer);
    size_t total = 0;
    while (total < bytes) {
        ssize_t got = must(read(fd, buffer + total, bytes - total));
        require(got > 0, "%s ended after %zu bytes", name, total);
        total += (size_t)got;
    }
    require(differs(buffer, bytes, seed) < 0, "%s holds other bytes", name);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    int some[2], full[2], large[2], ended[2], deaf[2], packets[2];
    must(pipe(some));
    must(pipe(full));
    must(pipe(large));
    must(pipe(ended));
    must(pipe(deaf));
    must(pipe2(packets, O_DIRECT | O_NONBLOCK));
    fill_up(some[1], 1000, 1);
    fill_up(full[1], 65536, 2);
    must(fcntl(large[1], F_SETPIPE_SZ, 1 << 20));
    fill_up(large[1], 1000000, 3);
    must(fcntl(some[0], F_SETFL, O_NONBLOCK));
    fill_up(ended[1], 4096, 4);
    close(ended[1]);
    close(deaf[0]);
    must(write(packets[1], "one", 3));
    must(write(packets[1], "three", 5));
    int flags = must(fcntl(some[0], F_GETFL)), packet_flags = must(fcntl(packets[1], F_GETFL));
    ready_and_wait();
    require(must(fcntl(some[0], F_GETFL)) == flags, "flags %x, were %x", fcntl(some[0], F_GETFL), flags);
    require(must(fcntl(packets[1], F_GETFL)) == packet_flags, "flags %x, were %x", fcntl(packets[1], F_GETFL), packet_flags);

    require(fcntl(large[0], F_GETPIPE_SZ) == 1 << 20, "pipe size is %d", fcntl(large[0], F_GETPIPE_SZ));
    expect("some", some[0], 1000, 1);
    require(read(some[0], buffer, 1) == -1 && errno == EAGAIN, "the empty pipe blocks or ended");
    require((fcntl(some[0], F_GETFL) & O_NONBLOCK) != 0, "O_NONBLOCK lost");
    require((fcntl(some[1], F_GETFL) & O_NONBLOCK) == 0, "O_NONBLOCK on the wrong end");
    expect("full", full[0], 65536, 2);
    expect("large", large[0], 1000000, 3);
    expect("ended", ended[0], 4096, 4);
    require(read(ended[0], buffer, 1) == 0, "end of file lost");
    require(write(deaf[1], "x", 1) == -1 && errno == EPIPE, "a reader appeared");
    require(read(packets[0], buffer, 100) == 3 && memcmp(buffer, "one", 3) == 0, "first packet");
    require(read(packets[0], buffer, 100) == 5 && memcmp(buffer, "three", 5) == 0, "second packet");
    require(read(packets[0], buffer, 100) == -1 && errno == EAGAIN, "a third packet");
    fill_up(full[1], 65536, 5);
    expect("full again", full[0], 65536, 5);
    return pass();
}
