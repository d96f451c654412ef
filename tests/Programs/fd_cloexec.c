/* Descriptor numbers, sparse and high, and close-on-exec flags; a free number below stays free; nothing is added. */
#include "program.h"
#include <dirent.h>
#include <sys/resource.h>

static void list(char *text, size_t size)
{
    DIR *directory = opendir("/proc/self/fd");
    struct dirent *entry;
    int numbers[64], count = 0;
    while ((entry = readdir(directory)) != NULL)
        if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(directory))
            numbers[count++] = atoi(entry->d_name);
    closedir(directory);
    size_t length = 0;
    for (int wanted = 0; wanted < 1024; wanted++)
        for (int i = 0; i < count; i++)
            if (numbers[i] == wanted)
                length += (size_t)snprintf(text + length, size - length, "%d:%d ", wanted, fcntl(wanted, F_GETFD));
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    int base = must(open("/dev/null", O_RDWR));
    int wanted[] = {7, 63, 64, 255, 256, 700, 1000};
    struct rlimit limit = {1024, 1024};
    must(getrlimit(RLIMIT_NOFILE, &limit));
    require(limit.rlim_cur >= 1024, "the descriptor limit is too low for this test");
    for (int i = 0; i < 7; i++)
        must(dup3(base, wanted[i], i % 2 ? O_CLOEXEC : 0));
    must(open(scratch_path("data"), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    close(base);
    char before[512], now[512];
    list(before, sizeof before);
    ready_and_wait();
    list(now, sizeof now);
    require(strcmp(before, now) == 0, "descriptors %s, were %s", now, before);
    require(open("/dev/null", O_RDONLY) == base, "the lowest free number is another");
    return pass();
}
