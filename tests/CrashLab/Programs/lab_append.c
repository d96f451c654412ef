/*
 * Appends records to a file, SCRATCH.data, and keeps the number of the last one in another, SCRATCH.state, which it writes in place. What memory says and what both files say must
 * be the same at any time. Ends when the file SCRATCH.go is there.
 */
#include "../../Programs/program.h"

enum { PauseMs = 4, LooksEvery = 16 };

struct record {
    uint64_t number, check[15];
};

static struct record record_of(uint64_t number)
{
    struct record record = {.number = number};
    fill(record.check, sizeof record.check, mix(number));
    return record;
}

static void check_all(int file, uint64_t count)
{
    struct record found;
    for (uint64_t number = 1; number <= count; number++) {
        struct record wanted = record_of(number);
        require(pread(file, &found, sizeof found, (off_t)((number - 1) * sizeof found)) == sizeof found, "record %lu of %lu cannot be read", number, count);
        require(memcmp(&found, &wanted, sizeof found) == 0, "record %lu of %lu is number %lu, or torn", number, count, found.number);
    }
}

static void check_ends(int file, int state, uint64_t count)
{
    struct stat data;
    uint64_t kept = 0;
    must(fstat(file, &data));
    require((uint64_t)data.st_size == count * sizeof(struct record), "%lu records were written, and the file has %ld bytes", count, (long)data.st_size);
    require((uint64_t)lseek(file, 0, SEEK_CUR) == count * sizeof(struct record), "the file position is %ld after %lu records", (long)lseek(file, 0, SEEK_CUR), count);
    require(pread(state, &kept, sizeof kept, 0) == sizeof kept && kept == count, "the other file says %lu, and memory %lu", kept, count);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    must(nice(19)); /* dumps come first, in a machine that is slow enough */
    int file = must(open(scratch_path("data"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    int state = must(open(scratch_path("state"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    const char *go = scratch_path("go");
    uint64_t count = 0;
    must(pwrite(state, &count, sizeof count, 0));
    ready();
    while (access(go, F_OK) != 0) {
        struct record next = record_of(count + 1);
        require(write(file, &next, sizeof next) == sizeof next, "write: %s", strerror(errno));
        count++;
        require(pwrite(state, &count, sizeof count, 0) == sizeof count, "pwrite: %s", strerror(errno));
        if (count % LooksEvery == 0)
            check_ends(file, state, count);
        nap_ms(PauseMs);
    }
    check_ends(file, state, count);
    check_all(file, count);
    return pass();
}
