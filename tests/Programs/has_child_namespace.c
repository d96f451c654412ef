/*
 * A namespace that the process is not in itself: that of the children that it will have.
 * @refused time_for_children
 */
#include "program.h"
#include <sched.h>

int main(int argc, char **argv)
{
    begin(argc, argv);
    must(unshare(0x80)); /* CLONE_NEWTIME */
    ready_and_wait();
    return pass();
}
