/* The memory devices: each behaves as itself, with its flags. */
#include "program.h"

int main(int argc, char **argv)
{
    begin(argc, argv);
    int null = must(open("/dev/null", O_RDWR | O_APPEND)), zero_fd = must(open("/dev/zero", O_RDONLY));
    int full = must(open("/dev/full", O_WRONLY)), random = must(open("/dev/random", O_RDONLY | O_NONBLOCK));
    int urandom = must(open("/dev/urandom", O_RDONLY | O_CLOEXEC));
    char *mapped = must(mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero_fd, 0));
    fill(mapped, 4096, 8);
    ready_and_wait();

    char bytes[64], others[64];
    memset(bytes, 1, sizeof bytes);
    require(write(null, bytes, 64) == 64 && read(null, bytes, 64) == 0, "/dev/null");
    require(fcntl(null, F_GETFL) & O_APPEND, "flags of /dev/null");
    require(read(zero_fd, bytes, 64) == 64 && bytes[0] == 0 && bytes[63] == 0, "/dev/zero");
    require(write(full, bytes, 64) == -1 && errno == ENOSPC, "/dev/full");
    require(read(random, bytes, 64) == 64 && read(urandom, others, 64) == 64, "/dev/random");
    require(memcmp(bytes, others, 64) != 0, "random bytes repeat");
    require(fcntl(random, F_GETFL) & O_NONBLOCK, "flags of /dev/random");
    require(fcntl(urandom, F_GETFD) == FD_CLOEXEC, "close-on-exec of /dev/urandom");
    require(differs(mapped, 4096, 8) < 0 && mapped[5000] == 0, "private mapping of /dev/zero");
    return pass();
}
