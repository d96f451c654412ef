/*
 * MAP_GROWSDOWN mappings: right above another mapping, split by mprotect, two with a hole between; those with room below still grow.
 */
#include "program.h"

enum { Page = 4096, Room = 8 << 20, Bytes = 4 * Page };

/* A growing mapping with so much free room below it. */
static char *make(size_t room)
{
    char *area = must(mmap(NULL, room + Bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    must(munmap(area, room + Bytes));
    return must(mmap(area + room, Bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_GROWSDOWN, -1, 0));
}

static int lines_of(const char *at, const char *flag)
{
    static char text[1 << 20];
    char wanted[64];
    read_whole("/proc/self/smaps", text, sizeof text);
    snprintf(wanted, sizeof wanted, "%lx-", (unsigned long)at);
    char *found = strstr(text, wanted), flags[256] = "";
    if (found && (found = strstr(found, "VmFlags:")))
        sscanf(found, "%255[^\n]", flags);
    return strstr(flags, flag) != NULL;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    char *grows = make(Room), *split = make(Room), *upper = make(Room);
    char *lower = must(mmap(upper - 8 * Page, Bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_GROWSDOWN, -1, 0));
    char *above = make(Room), *below = must(mmap(above - Bytes, Bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    char *all[] = {grows, split, upper, lower, above, below};
    for (int i = 0; i < 6; i++)
        fill(all[i], Bytes, 10u * (unsigned)i);
    must(mprotect(split + Page, Page, PROT_READ));
    grows[-Page] = 'g';
    ready_and_wait();

    for (int i = 0; i < 6; i++)
        require(differs(all[i], Bytes, 10u * (unsigned)i) < 0, "contents of mapping %d", i);
    require(grows[-Page] == 'g' && lines_of(grows - Page, " gd"), "what had grown");
    require(lines_of(split, " gd") && lines_of(split + Page, " gd") && lines_of(split + 2 * Page, " gd") && lines_of(upper, " gd") && lines_of(lower, " gd") && lines_of(above, " gd") && !lines_of(below, " gd"), "flags");
    grows[-9 * Page] = 'h';
    split[-3 * Page] = 'i';
    lower[-3 * Page] = 'j';
    require(is_zero(grows - 8 * Page, 7 * Page) && grows[-9 * Page] == 'h' && split[-3 * Page] == 'i' && lower[-3 * Page] == 'j', "they do not grow");
    return pass();
}
