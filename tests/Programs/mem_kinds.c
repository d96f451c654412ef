/*
 * Kinds of memory: private and shared, anonymous and of a file, every protection (contents behind PROT_NONE too, and
 * enforced afterwards), flags of madvise and mlock as /proc/self/smaps shows them, MAP_NORESERVE, MAP_GROWSDOWN, huge
 * alignment, and the list of mappings as a whole.
 */
#include "program.h"
#include <setjmp.h>

enum { Bytes = 64 * 1024, Regions = 16 };
typedef struct {
    const char *name, *flags; /* two-letter codes of smaps VmFlags that must be there */
    char *at;
    int protection;
    uint64_t seed;
} Region;

static Region regions[Regions];
static int count;
static sigjmp_buf escape;
static char vm_flags[Regions][256];

static char *add(const char *name, int protection, int map_flags, int fd, const char *flags)
{
    char *at = must(mmap(NULL, Bytes, PROT_READ | PROT_WRITE, map_flags, fd, 0));
    fill(at, Bytes, (uint64_t)count * 99);
    regions[count] = (Region){name, flags, at, protection, (uint64_t)count * 99};
    count++;
    return at;
}

static void on_fault(int number) { siglongjmp(escape, number); }

static int faults(char *at, int is_write)
{
    if (sigsetjmp(escape, 1))
        return 1;
    if (is_write)
        *(volatile char *)at = *at;
    else
        (void)*(volatile char *)at;
    return 0;
}

static int executes(char *at)
{
    at[0] = (char)0xc3; /* ret on x86 */
    if (sigsetjmp(escape, 1))
        return 0;
    ((void (*)(void))at)();
    return 1;
}

/*
 * Finds the VmFlags line of the mapping that holds the address. Left out: "ac" (accounted, which depends on whether it was
 * ever writable), "sd", "uw" and "um" (what trackers leave).
 */
static void read_flags(char *at, char *flags)
{
    static char line[1024];
    FILE *file = fopen("/proc/self/smaps", "re");
    int inside = 0;
    flags[0] = 0;
    while (fgets(line, sizeof line, file)) {
        unsigned long start, end;
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2 && strchr(line, ':') > strchr(line, ' '))
            inside = (uintptr_t)at >= start && (uintptr_t)at < end;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            snprintf(flags, 256, "%.200s", line + 8);
    }
    fclose(file);
    const char *ignored[] = {" ac", " sd", " uw", " um"};
    for (int i = 0; i < 4; i++) {
        char *found = strstr(flags, ignored[i]);
        if (found)
            memmove(found, found + 3, strlen(found + 3) + 1);
    }
}

static void check(int i)
{
    Region *r = &regions[i];
    char flags[256];
    read_flags(r->at, flags);
    require(strcmp(flags, vm_flags[i]) == 0, "%s: VmFlags%s were%s", r->name, strtok(flags, "\n"), strtok(vm_flags[i], "\n"));
    require(faults(r->at, 0) == !(r->protection & PROT_READ), "%s: reading", r->name);
    require(faults(r->at, 1) == !(r->protection & PROT_WRITE), "%s: writing", r->name);
    must(mprotect(r->at, Bytes, PROT_READ | PROT_WRITE));
    require(differs(r->at, Bytes, r->seed) < 0, "%s: contents", r->name);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    struct sigaction fault = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
    must(sigaction(SIGSEGV, &fault, NULL));
    int fd = must(open(scratch_path("data"), O_RDWR | O_CREAT | O_TRUNC, 0600));
    must(ftruncate(fd, Bytes));
    const int Anonymous = MAP_PRIVATE | MAP_ANONYMOUS, Write = PROT_READ | PROT_WRITE;

    add("private", Write, Anonymous, -1, "rd wr");
    add("shared", Write, MAP_SHARED | MAP_ANONYMOUS, -1, "sh");
    add("private file", Write, MAP_PRIVATE, fd, "rd wr");
    add("none", PROT_NONE, Anonymous, -1, "");
    add("read only", PROT_READ, Anonymous, -1, "rd");
    add("shared read only", PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, "sh");
    add("no reserve", Write, Anonymous | MAP_NORESERVE, -1, "nr");
    must(madvise(add("don't fork", Write, Anonymous, -1, "dc"), Bytes, MADV_DONTFORK));
    must(madvise(add("wipe on fork", Write, Anonymous, -1, "wf"), Bytes, MADV_WIPEONFORK));
    must(madvise(add("don't dump", Write, Anonymous, -1, "dd"), Bytes, MADV_DONTDUMP));
    must(madvise(add("sequential", Write, MAP_PRIVATE, fd, "sr"), Bytes, MADV_SEQUENTIAL));
    must(madvise(add("random", Write, MAP_PRIVATE, fd, "rr"), Bytes, MADV_RANDOM));
    must(mlock(add("locked", Write, Anonymous, -1, "lo"), Bytes));
    add("grows down", Write, Anonymous | MAP_GROWSDOWN, -1, "gd");
    add("execute", Write | PROT_EXEC, Anonymous, -1, "ex");
    char *large = must(mmap(NULL, 4 << 20, Write, Anonymous, -1, 0));
    madvise(large, 4 << 20, MADV_HUGEPAGE); /* EINVAL where the kernel has no huge pages */
    fill(large, 4 << 20, 31);
    char *mapped = must(mmap(NULL, Bytes, Write, MAP_SHARED, fd, 0));
    fill(mapped, Bytes, 17);
    for (int i = 0; i < count; i++) {
        must(mprotect(regions[i].at, Bytes, regions[i].protection));
        read_flags(regions[i].at, vm_flags[i]);
        require(strstr(vm_flags[i], regions[i].flags) != NULL, "set-up of %s: VmFlags%s", regions[i].name, vm_flags[i]);
    }
    ready_and_wait();

    require(differs(mapped, Bytes, 17) < 0, "shared file: contents");
    require(differs(large, 4 << 20, 31) < 0, "huge: contents");
    mapped[100] = 'Z';
    char byte;
    require(must(pread(fd, &byte, 1, 100)) == 1 && byte == 'Z', "the shared file mapping is cut off from its file");
    for (int i = 0; i < count; i++)
        check(i);
    must(mprotect(regions[14].at, Bytes, Write | PROT_EXEC));
    require(executes(regions[14].at), "executable memory is not executable");
    require(!executes(regions[0].at), "writable memory is executable");
    return pass();
}
