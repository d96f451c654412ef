/*
 * System V objects that a process outside of the job uses too: the intermediate child ends, so its child is adopted by another.
 * @refused outside of the job; end
 */
#include "program.h"
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

int main(int argc, char **argv)
{
    begin(argc, argv);
    struct { long type; char text[4]; } message = {1, "out"};
    int segment = must(shmget(IPC_PRIVATE, 4096, 0600)), set = must(semget(IPC_PRIVATE, 1, 0600)), queue = must(msgget(IPC_PRIVATE, 0600));
    volatile int *words = must(shmat(segment, NULL, 0));
    must(shmctl(segment, IPC_RMID, NULL));
    must(semctl(set, 0, SETVAL, 1));
    pid_t child = must(fork());
    if (child == 0) {
        if (must(fork()) != 0)
            _exit(0);
        must(semctl(set, 0, SETVAL, 2));
        must(msgsnd(queue, &message, 4, 0));
        words[0] = 1;
        while (words[1] == 0)
            nap_ms(5);
        words[0] = 2;
        _exit(0);
    }
    must(waitpid(child, NULL, 0));
    wait_until(words[0] == 1, "the other process does nothing");
    must(msgrcv(queue, &message, 4, 0, 0));
    ready_and_wait();

    words[1] = 1;
    wait_until(words[0] == 2, "the other process does not see us");
    require(must(semctl(set, 0, GETVAL)) == 2, "the semaphore is %d", semctl(set, 0, GETVAL));
    must(semctl(set, 0, IPC_RMID));
    must(msgctl(queue, IPC_RMID, NULL));
    return pass();
}
