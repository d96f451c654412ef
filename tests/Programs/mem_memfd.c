/*
 * memfds: contents, name, seals, mode, two open files of one, mappings shared and private, one whose descriptor was closed,
 * one that is executed while it is open and mapped.
 */
#include "program.h"

enum { Bytes = 1 << 20 };

int main(int argc, char **argv)
{
    begin(argc, argv);
    char byte, name[256] = {0};
    struct stat stat;
    int fd = must(memfd_create("block", MFD_CLOEXEC)), sealed = must(memfd_create("sealed", MFD_ALLOW_SEALING)), gone = must(memfd_create("gone", 0));
    must(ftruncate(fd, Bytes));
    must(fchmod(fd, 0640));
    char *map = must(mmap(NULL, Bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    char *mine = must(mmap(NULL, Bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
    fill(map, Bytes, 3);
    mine[0] = 'm';
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    int reader = must(open(name, O_RDONLY));
    must(lseek(fd, 100, SEEK_SET));
    must(write(sealed, "sealed", 6));
    must(fcntl(sealed, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE));
    char *of_sealed = must(mmap(NULL, 4096, PROT_READ, MAP_SHARED, sealed, 0));
    must(ftruncate(gone, 8192));
    char *left = must(mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, gone, 0));
    close(gone);
    fill(left, 8192, 5);
    static const char script[] = "#!/bin/sh\nexit 7\n";
    int program = must(memfd_create("program", 0));
    must(write(program, script, sizeof script - 1));
    must(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, program, 0));
    ready_and_wait();

    require(differs(map, Bytes, 3) < 0 && differs(left, 8192, 5) < 0, "contents");
    require(mine[0] == 'm' && memcmp(mine + 1, map + 1, Bytes - 1) == 0, "the private mapping");
    map[70000] = 'x';
    require(pread(reader, &byte, 1, 70000) == 1 && byte == 'x' && mine[70000] == 'x', "the mapping is cut off from the memfd");
    require(write(reader, &byte, 1) == -1 && errno == EBADF && must(lseek(fd, 0, SEEK_CUR)) == 100 && must(lseek(reader, 0, SEEK_CUR)) == 0, "open files");
    must(fstat(fd, &stat));
    require((stat.st_mode & 0777) == 0640 && stat.st_size == Bytes, "mode %o", stat.st_mode);
    require(must(fcntl(fd, F_GET_SEALS)) == F_SEAL_SEAL && must(fcntl(sealed, F_GET_SEALS)) == (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), "seals %x %x", fcntl(fd, F_GET_SEALS), fcntl(sealed, F_GET_SEALS));
    require(write(sealed, "x", 1) == -1 && errno == EPERM && strcmp(of_sealed, "sealed") == 0, "the sealed memfd");
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    memset(name, 0, sizeof name);
    must(readlink(link, name, sizeof name - 1));
    require(strcmp(name, "/memfd:block (deleted)") == 0, "its name is %s", name);
    int status;
    pid_t child = must(fork());
    if (child == 0) {
        char *none[] = {"program", NULL};
        syscall(SYS_execveat, program, "", none, none, AT_EMPTY_PATH);
        _exit(errno);
    }
    must(waitpid(child, &status, 0));
    require(WIFEXITED(status) && WEXITSTATUS(status) == 7, "the program cannot be executed: %d", WEXITSTATUS(status));
    return pass();
}
