/*
 * Files of /proc: of the system, of process 1, of a child, of the program itself, a namespace; their offsets.
 * @tree
 */
#include "program.h"

int main(int argc, char **argv)
{
    begin(argc, argv);
    char path[64], text[256] = {0}, before[64] = {0}, after[64] = {0};
    int status;
    pid_t child = must(fork());
    if (child == 0)
        for (;;)
            pause();
    snprintf(path, sizeof path, "/proc/%d/stat", child);
    int of_child = must(open(path, O_RDONLY)), of_init = must(open("/proc/1/status", O_RDONLY)), version = must(open("/proc/version", O_RDONLY | O_CLOEXEC));
    int own = must(open("/proc/self", O_RDONLY | O_DIRECTORY)), space = must(open("/proc/self/ns/net", O_RDONLY));
    must(read(version, text, 6));
    must(readlink("/proc/self/ns/net", before, sizeof before - 1));
    ready_and_wait();

    memset(text, 0, sizeof text);
    must(read(version, text, 7));
    require(strcmp(text, "version") == 0, "after \"Linux \" comes \"%s\"", text);
    must(read(of_init, text, 5));
    require(strncmp(text, "Name:", 5) == 0, "the status of process 1 begins with \"%.5s\"", text);
    memset(text, 0, sizeof text);
    must(read(of_child, text, sizeof text - 1));
    require(atoi(text) == child, "the stat of the child begins with \"%.10s\"", text);
    int stat = must(openat(own, "stat", O_RDONLY));
    must(read(stat, text, sizeof text - 1));
    require(atoi(text) == getpid(), "our own stat begins with \"%.10s\"", text);
    snprintf(path, sizeof path, "/proc/self/fd/%d", space);
    must(readlink(path, after, sizeof after - 1));
    require(strcmp(before, after) == 0, "the namespace was %s and is %s", before, after);
    must(kill(child, SIGKILL));
    must(waitpid(child, &status, 0));
    return pass();
}
