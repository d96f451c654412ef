/*
 * Has secret memory mapped (memfd_secret), which /proc shows as a deleted regular file. Where the kernel does not give any, a POSIX message queue is in its place.
 * @refused cannot be carried
 */
#include "program.h"
#include <mqueue.h>

int main(int argc, char **argv)
{
    begin(argc, argv);
    int fd = (int)syscall(447 /* memfd_secret */, 0);
    if (fd < 0) {
        must(mq_open("/checkpointer-programs", O_RDWR | O_CREAT, 0600, NULL));
        must(mq_unlink("/checkpointer-programs"));
        ready_and_wait();
        return pass();
    }
    must(ftruncate(fd, 4096));
    char *memory = must(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    close(fd);
    memory[0] = 42;
    ready_and_wait();
    require(memory[0] == 42, "secret memory has changed");
    return pass();
}
