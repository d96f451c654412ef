/*
 * For benchmarks: FILE_APPEND SCRATCH MIB BUSY makes a file of so many MiB of random bytes, SCRATCH.data, and appends 1 MiB to it with each SIGUSR2. With BUSY 1
 * it also appends 4 KiB every 4 ms all the time.
 */
#include "program.h"

int main(int argc, char **argv)
{
    static uint64_t block[1 << 17];
    sigset_t set;
    begin(argc, argv);
    /* Among the self-verifying programs: a small file, which nobody asks to grow. */
    long mebibytes = argc > 2 ? atol(argv[2]) : 1;
    int is_busy = argc > 3 ? atoi(argv[3]) : 0;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    zero(pthread_sigmask(SIG_BLOCK, &set, NULL));
    sigaddset(&set, SIGUSR1);
    uint64_t written = 0;
    int fd = must(open(scratch_path("data"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    for (long i = 0; i < mebibytes; i++, written += sizeof block) {
        fill(block, sizeof block, written);
        require(write(fd, block, sizeof block) == (ssize_t)sizeof block, "write: %s", strerror(errno));
    }
    ready();
    for (;;) {
        struct timespec pause = {is_busy ? 0 : 3600, is_busy ? 4000000 : 0};
        int signal_number = sigtimedwait(&set, NULL, &pause);
        if (signal_number == SIGUSR1)
            break;
        size_t bytes = signal_number == SIGUSR2 ? sizeof block : 4096;
        fill(block, bytes, written);
        require(write(fd, block, bytes) == (ssize_t)bytes, "write: %s", strerror(errno));
        written += bytes;
    }
    struct stat file;
    must(fstat(fd, &file));
    require((uint64_t)file.st_size == written, "the file has %ld bytes and should have %lu", (long)file.st_size, written);
    return pass();
}
