/*
 * Files that have lost their names: written, mapped, sparse, with two names lost, made by O_TMPFILE, with a new file in their place,
 * and one that still has another name.
 */
#include "program.h"

enum { Page = 4096, Hole = 1 << 30 };

static int made(const char *name)
{
    return must(open(scratch_path(name), O_RDWR | O_CREAT | O_TRUNC, 0640));
}

static void expect(int fd, const char *wanted, const char *what)
{
    char text[64] = {0};
    require(pread(fd, text, sizeof text - 1, 0) == (ssize_t)strlen(wanted) && strcmp(text, wanted) == 0, "%s holds \"%s\"", what, text);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    struct stat before, after, other;
    int plain = made("plain"), reader = must(open(scratch_path("plain"), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    must(write(plain, "gone but here", 13));
    must(fchmod(plain, 0604));
    must(lseek(plain, 5, SEEK_SET));
    must(unlink(scratch_path("plain")));
    must(fstat(plain, &before));

    int sparse = made("sparse");
    must(unlink(scratch_path("sparse")));
    must(pwrite(sparse, "start", 5, 0));
    must(pwrite(sparse, "end", 3, Hole));
    must(ftruncate(sparse, Hole + (3 << 20)));

    int mapped = made("mapped");
    must(ftruncate(mapped, 4 * Page + 100));
    char *shared = must(mmap(NULL, 5 * Page, PROT_READ | PROT_WRITE, MAP_SHARED, mapped, 0));
    char *private = must(mmap(NULL, 5 * Page, PROT_READ | PROT_WRITE, MAP_PRIVATE, mapped, 0));
    fill(shared, 4 * Page, 7);
    memcpy(private, "mine", 4);
    must(unlink(scratch_path("mapped")));
    close(mapped);

    int first = made("first");
    must(link(scratch_path("first"), scratch_path("second")));
    int second = must(open(scratch_path("second"), O_WRONLY | O_APPEND));
    must(unlink(scratch_path("first")));
    must(unlink(scratch_path("second")));
    must(write(second, "two", 3));

    int nameless = must(open("/tmp", O_TMPFILE | O_RDWR, 0600));
    must(write(nameless, "never had one", 13));

    int replaced = made("replaced");
    must(write(replaced, "old", 3));
    must(unlink(scratch_path("replaced")));
    int place = made("replaced");
    must(write(place, "new", 3));

    int kept = made("kept");
    must(link(scratch_path("kept"), scratch_path("other-name")));
    must(unlink(scratch_path("kept")));
    must(write(kept, "kept", 4));
    ready_and_wait();

    expect(plain, "gone but here", "the plain file");
    expect(reader, "gone but here", "its second descriptor");
    must(fstat(plain, &after));
    require(after.st_nlink == 0 && after.st_mode == before.st_mode && after.st_size == before.st_size && after.st_uid == before.st_uid, "the plain file has mode %o, %lu names, %ld bytes", after.st_mode, after.st_nlink, after.st_size);
    require(after.st_mtim.tv_sec == before.st_mtim.tv_sec && after.st_mtim.tv_nsec == before.st_mtim.tv_nsec, "its time has changed");
    require(must(lseek(plain, 0, SEEK_CUR)) == 5 && must(lseek(reader, 0, SEEK_CUR)) == 0, "offsets are lost");
    must(fstat(reader, &other));
    require(after.st_ino == other.st_ino && access(scratch_path("plain"), F_OK) == -1, "two files, or a name");

    char text[8] = {0};
    must(fstat(sparse, &after));
    require(after.st_size == Hole + (3 << 20) && after.st_blocks < 1000, "the sparse file has %ld bytes in %ld blocks", after.st_size, after.st_blocks);
    require(pread(sparse, text, 3, Hole) == 3 && strcmp(text, "end") == 0, "the end of the sparse file is \"%s\"", text);

    require(differs(shared, 4 * Page, 7) < 0, "the mapped file is not what it was");
    require(memcmp(private, "mine", 4) == 0 && differs(private + Page, 3 * Page, 7 + Page / 8) < 0, "the private mapping is not what it was");
    shared[2 * Page] = 'x';
    require(private[2 * Page] == 'x', "the mappings are of different files");

    must(write(second, "!", 1));
    expect(first, "two!", "the file that had two names");
    expect(nameless, "never had one", "the file without a name");
    expect(replaced, "old", "the replaced file");
    expect(place, "new", "the file in its place");
    expect(kept, "kept", "the file with another name");
    int again = must(open(scratch_path("other-name"), O_RDONLY));
    must(write(kept, "!", 1));
    expect(again, "kept!", "the file under its other name");
    unlink(scratch_path("other-name"));
    return pass();
}
