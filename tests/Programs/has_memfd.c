/*
 * Maps a memfd.
 * @refused memfd
 */
#include "program.h"

int main(int argc, char **argv)
{
    begin(argc, argv);
    int fd = must(memfd_create("block", MFD_CLOEXEC));
    must(ftruncate(fd, 1 << 20));
    char *map = must(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    fill(map, 1 << 20, 3);
    ready_and_wait();
    require(differs(map, 1 << 20, 3) < 0, "contents");
    char byte;
    require(pread(fd, &byte, 1, 77) == 1 && byte == map[77], "the mapping is cut off from the memfd");
    return pass();
}
