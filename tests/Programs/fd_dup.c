/* Duplicated descriptors: files that share an offset, pipe ends held twice, flags that belong to the description. */
#include "program.h"

int main(int argc, char **argv)
{
    begin(argc, argv);
    int file = must(open(scratch_path("data"), O_RDWR | O_CREAT | O_TRUNC, 0600));
    int twin = must(dup(file)), third = must(dup2(file, 50)), apart = must(open(scratch_path("data"), O_RDWR));
    must(write(file, "abcdefghij", 10));
    must(lseek(apart, 2, SEEK_SET));
    int ends[2];
    must(pipe(ends));
    int writer = must(dup(ends[1])), reader = must(fcntl(ends[0], F_DUPFD_CLOEXEC, 100));
    must(write(ends[1], "12", 2));
    int quiet = must(dup2(STDOUT_FILENO, 60)); /* shares the offset of standard output */
    ready_and_wait();

    require(lseek(twin, 0, SEEK_CUR) == 10 && lseek(third, 0, SEEK_CUR) == 10, "shared offsets");
    must(lseek(third, 3, SEEK_SET));
    require(lseek(file, 0, SEEK_CUR) == 3 && lseek(twin, 0, SEEK_CUR) == 3, "the offset is not shared any more");
    require(lseek(apart, 0, SEEK_CUR) == 2, "the offset of the separate open");
    must(fcntl(file, F_SETFL, O_APPEND));
    require(fcntl(third, F_GETFL) & O_APPEND, "status flags are not shared");
    require(!(fcntl(apart, F_GETFL) & O_APPEND), "status flags are shared with the separate open");
    must(write(writer, "34", 2));
    char text[8] = {0};
    require(read(reader, text, 8) == 4 && strcmp(text, "1234") == 0, "pipe gave \"%s\"", text);
    require(fcntl(reader, F_GETFD) == FD_CLOEXEC && fcntl(ends[0], F_GETFD) == 0, "close-on-exec of the pipe ends");
    close(ends[1]);
    must(fcntl(ends[0], F_SETFL, O_NONBLOCK));
    require(read(reader, text, 8) == -1 && errno == EAGAIN, "the second writer is gone");
    close(writer);
    require(read(reader, text, 8) == 0, "a writer is left over");
    off_t before = lseek(STDOUT_FILENO, 0, SEEK_CUR);
    must(write(quiet, "dup\n", 4));
    require(lseek(STDOUT_FILENO, 0, SEEK_CUR) == before + 4, "standard output and its dup are separate");
    return pass();
}
