/*
 * POSIX asynchronous I/O, which the C library makes of threads: a read that waits for a pipe, and a finished write whose result was not fetched.
 */
#include "program.h"
#include <aio.h>

int main(int argc, char **argv)
{
    begin(argc, argv);
    char text[16] = "", wrote[] = "finished";
    int ends[2], fd = must(open(scratch_path("data"), O_RDWR | O_CREAT | O_TRUNC, 0600));
    must(pipe(ends));
    struct aiocb read_request = {.aio_fildes = ends[0], .aio_buf = text, .aio_nbytes = sizeof text, .aio_sigevent.sigev_notify = SIGEV_NONE};
    struct aiocb write_request = {.aio_fildes = fd, .aio_buf = wrote, .aio_nbytes = 8, .aio_offset = 100, .aio_sigevent.sigev_notify = SIGEV_NONE};
    must(aio_read(&read_request));
    must(aio_write(&write_request));
    wait_until(aio_error(&write_request) == 0, "the write does not end");
    require(aio_error(&read_request) == EINPROGRESS, "the read has ended");
    ready_and_wait();

    require(aio_error(&read_request) == EINPROGRESS && aio_error(&write_request) == 0, "requests: %d %d", aio_error(&read_request), aio_error(&write_request));
    require(aio_return(&write_request) == 8 && pread(fd, text, 8, 100) == 8 && memcmp(text, "finished", 8) == 0, "the write");
    must(write(ends[1], "go on", 6));
    const struct aiocb *list[] = {&read_request};
    while (aio_suspend(list, 1, NULL) == -1)
        require(errno == EINTR, "aio_suspend: %s", strerror(errno));
    require(aio_return(&read_request) == 6 && strcmp(text, "go on") == 0, "the read gives %s", text);
    return pass();
}
