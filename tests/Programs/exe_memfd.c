/*
 * A program that runs from a sealed memfd, which it has open for reading and mapped too.
 */
#include "program.h"

int main(int argc, char **argv)
{
    begin(argc, argv);
    if (argc == 2) {
        char buffer[65536];
        ssize_t got;
        int from = must(open("/proc/self/exe", O_RDONLY | O_CLOEXEC)), to = must(memfd_create("program", MFD_ALLOW_SEALING));
        while ((got = must(read(from, buffer, sizeof buffer))) > 0)
            must(write(to, buffer, (size_t)got));
        must(fcntl(to, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW));
        must(fchmod(to, 0700));
        snprintf(buffer, sizeof buffer, "/proc/self/fd/%d", to);
        must(dup2(must(open(buffer, O_RDONLY)), 100));
        close(to);
        execl("/proc/self/fd/100", argv[0], argv[1], "again", (char *)NULL);
        fail("exec: %s", strerror(errno));
    }
    const char *map = must(mmap(NULL, 4096, PROT_READ, MAP_SHARED, 100, 0));
    char target[256] = "", bytes[4];
    ready_and_wait();

    must(readlink("/proc/self/exe", target, sizeof target - 1));
    require(strcmp(target, "/memfd:program (deleted)") == 0, "the executable is %s", target);
    require(pread(100, bytes, 4, 0) == 4 && memcmp(bytes, "\177ELF", 4) == 0 && memcmp(map, bytes, 4) == 0, "its bytes");
    require(must(fcntl(100, F_GET_SEALS)) == (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW), "its seals are %x", fcntl(100, F_GET_SEALS));
    struct stat exe, file;
    must(stat("/proc/self/exe", &exe));
    must(fstat(100, &file));
    require(exe.st_ino == file.st_ino && exe.st_dev == file.st_dev && (file.st_mode & 0777) == 0700, "it is another file than the descriptor's");
    return pass();
}
