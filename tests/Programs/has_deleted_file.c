/*
 * Writes to a file that has no name any more.
 * @refused deleted
 */
#include "program.h"

int main(int argc, char **argv)
{
    begin(argc, argv);
    int fd = must(open(scratch_path("data"), O_RDWR | O_CREAT | O_TRUNC, 0600));
    must(unlink(scratch_path("data")));
    must(write(fd, "gone", 4));
    ready_and_wait();
    char text[8] = {0};
    require(pread(fd, text, 8, 0) == 4 && strcmp(text, "gone") == 0, "the file holds \"%s\"", text);
    return pass();
}
