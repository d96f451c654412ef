/*
 * Has a POSIX message queue with a message, whose name is gone: /proc shows it as a deleted regular file.
 * @refused POSIX message queue
 */
#include "program.h"
#include <mqueue.h>

int main(int argc, char **argv)
{
    begin(argc, argv);
    char name[64], got[16];
    unsigned priority;
    snprintf(name, sizeof name, "/checkpointer-programs-%d", getpid());
    struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = sizeof got};
    mqd_t queue = must(mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes));
    must(mq_unlink(name));
    must(mq_send(queue, "hello", 5, 3));
    ready_and_wait();
    require(mq_receive(queue, got, sizeof got, &priority) == 5 && priority == 3 && memcmp(got, "hello", 5) == 0, "the message is lost");
    return pass();
}
