/*
 * Files that a job goes on writing agree with its memory, whatever moment it was dumped at and whatever was written after: a log of appended records that is
 * rotated, a large table whose header is rewritten in place with each record and whose slots change one after the other, a small one that changes at random places, a
 * file written through O_APPEND, a sparse file with space reserved behind its end, one in /dev/shm, a FIFO that is left alone. While the file SCRATCH.wild is there,
 * the large table changes at random places, too, faster than it can be read.
 */
#include "program.h"
#include <sys/xattr.h>

#define SLOTS (1 << 21)
#define SMALL_SLOTS (1 << 16)
#define ROTATE 400
#define RECORD 64

static uint64_t count, rotations, cursor = 2, *mirror, small_mirror[SMALL_SLOTS];
static int log_fd, table, small, appended, sparse, shm, is_wild;

static void write_all(int fd, const void *bytes, size_t length, off_t offset)
{
    ssize_t done = offset < 0 ? write(fd, bytes, length) : pwrite(fd, bytes, length, offset);
    require(done == (ssize_t)length, "wrote %zd of %zu bytes: %s", done, length, strerror(errno));
}

static void record_of(uint64_t number, uint64_t record[RECORD / 8])
{
    record[0] = number;
    for (int i = 1; i < RECORD / 8; i++)
        record[i] = mix(number * 8 + (uint64_t)i);
}

static void rotate(void)
{
    close(log_fd);
    must(rename(scratch_path("log"), scratch_path("log.1")));
    /* Not O_EXCL: restored to here, the next log of the time after the dump may be there. */
    log_fd = must(open(scratch_path("log"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    rotations++;
}

/* One step of the computation: all files and the memory change. */
static void advance(void)
{
    uint64_t record[RECORD / 8];
    record_of(++count, record);
    if (count % ROTATE == 0)
        rotate();
    write_all(log_fd, record, sizeof record, -1);
    write_all(appended, record, sizeof record, -1);
    uint64_t slot = mix(count) % SMALL_SLOTS;
    small_mirror[slot] = count;
    write_all(small, &small_mirror[slot], 8, (off_t)(slot * 8));
    for (int i = 0; i < 64 && is_wild; i++) {
        slot = 2 + mix(count * 64 + (uint64_t)i) % (SLOTS - 2);
        mirror[slot] = count;
        write_all(table, &mirror[slot], 8, (off_t)(slot * 8));
    }
    if (cursor == SLOTS)
        must(lseek(table, (off_t)(cursor = 2) * 8, SEEK_SET));
    mirror[cursor] = count;
    write_all(table, &mirror[cursor++], 8, -1);
    mirror[0] = count;
    mirror[1] = mix(count);
    write_all(table, mirror, 16, 0);
    write_all(shm, &count, 8, (off_t)(count % 4096 * 8));
    write_all(sparse, &count, 8, (off_t)(count % 16) << 24);
}

static uint64_t size_of(int fd)
{
    struct stat file;
    must(fstat(fd, &file));
    return (uint64_t)file.st_size;
}

static void check_records(const char *name, uint64_t first, uint64_t last)
{
    int fd = must(open(name, O_RDONLY | O_CLOEXEC));
    require(size_of(fd) == (last - first + 1) * RECORD, "%s has %lu bytes and should have %lu", name, size_of(fd), (last - first + 1) * RECORD);
    for (uint64_t number = first; number <= last; number++) {
        uint64_t wanted[RECORD / 8], found[RECORD / 8];
        record_of(number, wanted);
        require(must(read(fd, found, RECORD)) == RECORD && memcmp(wanted, found, RECORD) == 0, "record %lu of %s is another: %lu", number, name, found[0]);
    }
    close(fd);
}

static void check_names(int fd, const char *name)
{
    struct stat held, named;
    must(fstat(fd, &held));
    must(stat(name, &named));
    require(held.st_ino == named.st_ino && held.st_dev == named.st_dev, "%s is not the file that is open", name);
}

static void check(void)
{
    static uint64_t found[SLOTS];
    require(must(pread(table, found, sizeof found, 0)) == sizeof found && size_of(table) == sizeof found, "the table is short");
    for (size_t slot = 0; slot < SLOTS; slot++)
        require(found[slot] == mirror[slot], "slot %zu of the table is %lu and should be %lu at %lu", slot, found[slot], mirror[slot], count);
    require(must(pread(small, found, sizeof small_mirror, 0)) == sizeof small_mirror && memcmp(found, small_mirror, sizeof small_mirror) == 0, "the small table differs");
    check_records(scratch_path("appended"), 1, count);
    check_records(scratch_path("log"), rotations * ROTATE + (rotations == 0), count);
    require(size_of(sparse) == (15u << 24) + 8, "the sparse file has %lu bytes", size_of(sparse));
    for (uint64_t age = 0; age < 16 && age < count; age++) {
        uint64_t value;
        require(must(pread(sparse, &value, 8, (off_t)((count - age) % 16) << 24)) == 8 && value == count - age, "the sparse file has %lu", value);
        require(must(pread(shm, &value, 8, (off_t)((count - age) % 4096 * 8))) == 8 && value == count - age, "the file in /dev/shm has %lu", value);
    }
    struct stat file;
    must(fstat(sparse, &file));
    require(file.st_blocks * 512 < 8 << 20, "the sparse file takes %ld bytes", (long)file.st_blocks * 512);
    must(fstat(appended, &file));
    char value[8] = "";
    require((file.st_mode & 07777) == 0604, "the mode is %o", file.st_mode);
    require(fgetxattr(appended, "user.kept", value, sizeof value) == 3 && memcmp(value, "yes", 3) == 0, "the attribute is gone");
    check_names(log_fd, scratch_path("log"));
    check_names(appended, scratch_path("appended"));
    check_names(table, scratch_path("table"));
}

static const char *shm_path(void)
{
    static char path[64];
    snprintf(path, sizeof path, "/dev/shm/checkpointer-file-writer-%d", getpid());
    return path;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    mirror = must(mmap(NULL, SLOTS * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    fill(mirror, SLOTS * 8, 17);
    log_fd = must(open(scratch_path("log"), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
    table = must(open(scratch_path("table"), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    small = must(open(scratch_path("small"), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    appended = must(open(scratch_path("appended"), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    must(fchmod(appended, 0604));
    must(fsetxattr(appended, "user.kept", "yes", 3, 0));
    sparse = must(open(scratch_path("sparse"), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    must(fallocate(sparse, FALLOC_FL_KEEP_SIZE, 1 << 20, 1 << 20));
    must(ftruncate(sparse, (15 << 24) + 8));
    shm = must(open(shm_path(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    must(mkfifo(scratch_path("fifo"), 0600));
    int fifo = must(open(scratch_path("fifo"), O_RDWR | O_CLOEXEC));
    write_all(table, mirror, SLOTS * 8, 0);
    must(lseek(table, (off_t)cursor * 8, SEEK_SET));
    write_all(small, small_mirror, sizeof small_mirror, 0);
    advance();
    ready();

    sigset_t set;
    struct timespec pause = {0, 300000};
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    while (sigtimedwait(&set, NULL, &pause) != SIGUSR1) {
        advance();
        is_wild = access(scratch_path("wild"), F_OK) == 0;
        if (count % 1000 == 0)
            check();
    }
    check();
    close(fifo);
    must(unlink(shm_path()));
    return pass();
}
