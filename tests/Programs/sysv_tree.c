/*
 * System V objects that three processes use all the time, created by their parent: a segment that a semaphore guards, with what is to be undone at the end of
 * each, and queues that a token goes round in.
 * @tree
 */
#include "program.h"
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

enum { Members = 3, Words = 8192 };
typedef struct { long type; uint64_t round; } Token;
static const uint64_t Stop = ~0ull;
static int guard, queue, segment;
static volatile uint64_t *words;

static void change(int by)
{
    struct sembuf operation = {0, (short)by, SEM_UNDO};
    while (semop(guard, &operation, 1) == -1)
        require(errno == EINTR, "semop: %s", strerror(errno));
}

/* All words are one number; each turn replaces them by another. */
static void turn(void)
{
    change(-1);
    uint64_t was = words[0];
    for (int i = 0; i < Words; i++) {
        require(words[i] == was, "word %d is %llu and not %llu", i, (unsigned long long)words[i], (unsigned long long)was);
        words[i] = mix(was);
    }
    change(1);
}

static int live(int member)
{
    Token token;
    while (1) {
        turn();
        while (msgrcv(queue, &token, sizeof token.round, member + 1, 0) == -1)
            require(errno == EINTR, "msgrcv: %s", strerror(errno));
        if (token.round == Stop)
            return 0;
        token.type = (member + 1) % Members + 1;
        token.round++;
        must(msgsnd(queue, &token, sizeof token.round, 0));
    }
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    pid_t children[Members];
    Token token;
    guard = must(semget(IPC_PRIVATE, 1, 0600));
    queue = must(msgget(IPC_PRIVATE, 0600));
    segment = must(shmget(IPC_PRIVATE, Words * sizeof *words, 0600));
    say("semaphores %d", guard);
    say("queue %d", queue);
    say("segment %d", segment);
    words = must(shmat(segment, NULL, 0));
    must(semctl(guard, 0, SETVAL, 1));
    must(msgsnd(queue, &(Token){1, 0}, sizeof(uint64_t), 0));
    for (int i = 0; i < Members; i++)
        if ((children[i] = must(fork())) == 0)
            return live(i);
    wait_until(words[0] != 0, "nobody takes a turn");
    ready_and_wait();

    for (int i = 0; i < 50; i++)
        turn();
    uint64_t before = words[0];
    wait_until(words[0] != before, "nobody takes a turn any more");
    for (int i = 0; i < Members; i++)
        must(msgsnd(queue, &(Token){i + 1, Stop}, sizeof(uint64_t), 0));
    for (int i = 0; i < Members; i++) {
        int status;
        must(waitpid(children[i], &status, 0));
        require(status == 0, "a child ended with %x", status);
    }
    require(must(semctl(guard, 0, GETVAL)) == 1, "the semaphore is %d", semctl(guard, 0, GETVAL));
    require(msgrcv(queue, &token, sizeof token.round, 0, IPC_NOWAIT) == sizeof token.round && token.round > 0, "the token is lost");
    must(semctl(guard, 0, IPC_RMID));
    must(msgctl(queue, IPC_RMID, NULL));
    must(shmctl(segment, IPC_RMID, NULL));
    return pass();
}
