/* Open directories: openat works, a listing that was begun goes on; also O_PATH. */
#include "program.h"
#include <dirent.h>

enum { Files = 40 };

int main(int argc, char **argv)
{
    begin(argc, argv);
    const char *name = scratch_path("directory");
    char file[32];
    must(mkdir(name, 0700));
    int fd = must(open(name, O_RDONLY | O_DIRECTORY)), path = must(open(name, O_PATH | O_CLOEXEC));
    for (int i = 0; i < Files; i++) {
        snprintf(file, sizeof file, "f%02d", i);
        close(must(openat(fd, file, O_WRONLY | O_CREAT, 0600)));
    }
    int seen[Files] = {0}, count = 0;
    DIR *listing = fdopendir(must(dup(fd)));
    struct dirent *entry;
    while (count < Files / 2 && (entry = readdir(listing)) != NULL)
        if (entry->d_name[0] == 'f')
            seen[atoi(entry->d_name + 1)]++, count++;
    ready_and_wait();

    while ((entry = readdir(listing)) != NULL)
        if (entry->d_name[0] == 'f')
            seen[atoi(entry->d_name + 1)]++, count++;
    require(count == Files, "%d entries listed", count);
    for (int i = 0; i < Files; i++)
        require(seen[i] == 1, "entry %d was listed %d times", i, seen[i]);
    require(faccessat(path, "f07", F_OK, 0) == 0, "O_PATH: %s", strerror(errno));
    require(fcntl(path, F_GETFL) & O_PATH, "O_PATH lost");
    for (int i = 0; i < Files; i++) {
        snprintf(file, sizeof file, "f%02d", i);
        must(unlinkat(fd, file, 0));
    }
    must(rmdir(name));
    return pass();
}
