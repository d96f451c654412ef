/*
 * One shared anonymous object seen through several mappings: doubled by mremap(old size 0), split by mprotect, a part
 * unmapped. A store through one view is seen through the others. Also one shared file mapped twice, at two offsets.
 */
#include "program.h"

enum { Page = 4096, Pages = 32 };

int main(int argc, char **argv)
{
    begin(argc, argv);
    const int Write = PROT_READ | PROT_WRITE;
    char *one = must(mmap(NULL, Pages * Page, Write, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    fill(one, Pages * Page, 1);
    char *two = must(mremap(one, 0, Pages * Page, MREMAP_MAYMOVE));
    require(two != one, "mremap gave the same address");
    char *tail = must(mremap(one + 16 * Page, 0, 4 * Page, MREMAP_MAYMOVE)); /* a view of pages 16..19 */
    must(mprotect(one + 8 * Page, Page, PROT_READ));
    must(munmap(two + 30 * Page, 2 * Page));
    char *alone = must(mmap(NULL, Pages * Page, Write, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    fill(alone, Pages * Page, 2);

    int fd = must(open(scratch_path("data"), O_RDWR | O_CREAT | O_TRUNC, 0600));
    must(ftruncate(fd, 8 * Page));
    char *file = must(mmap(NULL, 8 * Page, Write, MAP_SHARED, fd, 0));
    char *shifted = must(mmap(NULL, 4 * Page, Write, MAP_SHARED, fd, 4 * Page));
    fill(file, 8 * Page, 3);
    close(fd);
    ready_and_wait();

    require(differs(one, Pages * Page, 1) < 0, "first view");
    require(differs(two, 30 * Page, 1) < 0, "second view");
    require(memcmp(tail, one + 16 * Page, 4 * Page) == 0, "view of the middle");
    require(differs(alone, Pages * Page, 2) < 0, "the other object");
    one[5] = 'a';
    require(two[5] == 'a', "the views are separate objects");
    tail[7] = 'b';
    require(one[16 * Page + 7] == 'b' && two[16 * Page + 7] == 'b', "the middle view is separate");
    require(alone[5] == (char)(mix(2) >> 40), "the other object was written too");
    two[8 * Page] = 'c';
    require(one[8 * Page] == 'c', "the read-only part is separate");

    require(differs(file, 8 * Page, 3) < 0, "file view");
    shifted[1] = 'd';
    require(file[4 * Page + 1] == 'd', "the file views are separate");
    pid_t child = must(fork());
    if (child == 0) {
        one[9] = 'e';
        _exit(0);
    }
    must(waitpid(child, NULL, 0));
    require(two[9] == 'e', "the memory is not shared with a child any more");
    return pass();
}
