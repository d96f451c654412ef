/* 10 GiB of address space with three touched pages: it stays sparse, and untouched pages still read as zero. */
#include "program.h"

static const size_t Bytes = 10ul << 30;

static long resident_kib(void)
{
    static char text[8192];
    read_whole("/proc/self/status", text, sizeof text);
    return atol(strstr(text, "VmRSS:") + 6);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    char *map = must(mmap(NULL, Bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    must(madvise(map, Bytes, MADV_NOHUGEPAGE));
    size_t touched[] = {0, Bytes / 3 & ~4095ul, Bytes - 4096};
    for (int i = 0; i < 3; i++)
        fill(map + touched[i], 4096, (uint64_t)i);
    char *reserved = must(mmap(NULL, 1ul << 40, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    ready_and_wait();

    for (int i = 0; i < 3; i++)
        require(differs(map + touched[i], 4096, (uint64_t)i) < 0, "touched page %d", i);
    for (size_t at = 123 << 20; at < Bytes; at += 1357 << 20)
        require(map[at] == 0, "byte %zu is not zero", at);
    require(resident_kib() < 200 * 1024, "%ld KiB are resident", resident_kib());
    must(mprotect(reserved + (1ul << 39), 4096, PROT_READ | PROT_WRITE));
    reserved[1ul << 39] = 1;
    return pass();
}
