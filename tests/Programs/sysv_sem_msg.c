/*
 * System V semaphores and message queues of one process with a thread that waits in semop and one that waits in msgrcv: values, last users, what is
 * undone at the end (SEM_UNDO), which a child can see; messages with types and their order, sizes, rights; by ID and key.
 */
#include "program.h"
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>

enum { Many = 40 };
typedef struct { long type; char text[8000]; } Message;
static int set, waited, queue, quiet, fresh;

static int operate(int id, int number, int change, int flags)
{
    struct sembuf operation = {(unsigned short)number, (short)change, (short)flags};
    return semop(id, &operation, 1);
}

static void *wait_for_semaphore(void *result)
{
    while (operate(waited, 0, -1, 0) == -1)
        require(errno == EINTR, "semop: %s", strerror(errno));
    return result;
}

static void *wait_for_message(void *result)
{
    Message message;
    while (msgrcv(quiet, &message, sizeof message.text, 0, 0) == -1)
        require(errno == EINTR, "msgrcv: %s", strerror(errno));
    require(message.type == 77 && strcmp(message.text, "wake up") == 0, "the message waited for");
    return result;
}

static void send(int id, long type, int length, char letter)
{
    Message message = {type, ""};
    memset(message.text, letter, (size_t)length);
    must(msgsnd(id, &message, (size_t)length, IPC_NOWAIT));
}

static void expect(int id, long wanted, long type, int length, char letter)
{
    Message message;
    ssize_t got = must(msgrcv(id, &message, sizeof message.text, wanted, IPC_NOWAIT));
    require(got == length && message.type == type && (length == 0 || (message.text[0] == letter && message.text[length - 1] == letter)), "message of type %ld, %zd bytes", message.type, got);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    key_t key = 0x5b000000 | (getpid() & 0xffffff);
    set = must(semget(key, Many, IPC_CREAT | IPC_EXCL | 0620));
    waited = must(semget(IPC_PRIVATE, 1, 0600));
    fresh = must(semget(IPC_PRIVATE, 2, 0600));
    say("semaphores %d", set);
    say("semaphores %d", waited);
    say("semaphores %d", fresh);
    must(semctl(fresh, 1, SETVAL, 5));
    for (int i = 0; i < Many; i++)
        must(semctl(set, i, SETVAL, i * 800));
    must(operate(set, 1, -300, SEM_UNDO));
    must(operate(set, 2, 2, SEM_UNDO));
    must(operate(set, 2, -1, 0));
    must(operate(set, 30, 8767, 0)); /* 32767, the most there is */
    must(operate(set, 30, -1, SEM_UNDO));
    must(operate(set, 30, 1, 0));
    must(operate(set, 39, -31200, SEM_UNDO));
    must(operate(set, 3, -5, SEM_UNDO));
    must(operate(set, 3, 5, SEM_UNDO));
    pid_t child = must(fork());
    if (child == 0) {
        must(operate(set, 4, 1, 0));
        _exit(0);
    }
    must(waitpid(child, NULL, 0));
    must(operate(set, 4, -1, 0));
    pthread_t waiter = start_thread(wait_for_semaphore, NULL);

    queue = must(msgget(key, IPC_CREAT | IPC_EXCL | 0602));
    quiet = must(msgget(IPC_PRIVATE, 0600));
    say("queue %d", queue);
    say("queue %d", quiet);
    send(queue, 5, 30, 'a');
    send(queue, 1, 8000, 'b');
    send(queue, 5, 0, 'c');
    send(queue, 1L << 40, 7, 'd');
    struct msqid_ds state;
    must(msgctl(queue, IPC_STAT, &state));
    state.msg_qbytes = 9000;
    state.msg_perm.uid = 12;
    must(msgctl(queue, IPC_SET, &state));
    pthread_t reader = start_thread(wait_for_message, NULL);
    wait_until(semctl(waited, 0, GETNCNT) == 1, "the thread does not wait");
    ready_and_wait();

    require(semget(key, Many, 0) == set && msgget(key, 0) == queue, "keys");
    unsigned short values[Many];
    must(semctl(set, 0, GETALL, values));
    for (int i = 0; i < Many; i++) {
        int wanted = i == 1 ? 500 : i == 2 ? 1601 : i == 30 ? 32767 : i == 39 ? 0 : i * 800;
        require(values[i] == wanted && must(semctl(set, i, GETPID)) == getpid(), "semaphore %d is %d, last used by %d", i, values[i], semctl(set, i, GETPID));
    }
    struct semid_ds set_state;
    must(semctl(fresh, 0, IPC_STAT, &set_state));
    require(set_state.sem_otime == 0 && must(semctl(fresh, 1, GETVAL)) == 5 && must(semctl(fresh, 0, GETVAL)) == 0, "the set that nobody operated on");
    must(semctl(set, 0, IPC_STAT, &set_state));
    require(set_state.sem_otime != 0 && set_state.sem_perm.mode == 0620, "times and mode %o", set_state.sem_perm.mode);
    must(operate(waited, 0, 1, 0));
    join(waiter);

    Message wake = {77, "wake up"};
    must(msgsnd(quiet, &wake, 8, 0));
    join(reader);
    must(msgctl(queue, IPC_STAT, &state));
    require(state.msg_qnum == 4 && state.msg_qbytes == 9000 && state.msg_cbytes == 8037 && state.msg_perm.uid == 12 && state.msg_perm.mode == 0602 && state.msg_lspid == getpid(), "%d messages, %d of %d bytes, mode %o, sender %d",
            (int)state.msg_qnum, (int)state.msg_cbytes, (int)state.msg_qbytes, state.msg_perm.mode, state.msg_lspid);
    expect(queue, 1, 1, 8000, 'b');
    expect(queue, 0, 5, 30, 'a');
    expect(queue, 0, 5, 0, 0);
    expect(queue, 0, 1L << 40, 7, 'd');
    require(msgrcv(queue, &wake, 8, 0, IPC_NOWAIT) == -1 && errno == ENOMSG, "one message more");

    /* What is undone when we end, a child that outlives us would see; unshare(CLONE_SYSVSEM) is as the end. */
    must((int)syscall(SYS_unshare, 0x40000));
    must(semctl(set, 0, GETALL, values));
    require(values[1] == 800 && values[2] == 1599 && values[30] == 32767 && values[39] == 31200 && values[3] == 2400, "undone: %d %d %d %d %d", values[1], values[2], values[30], values[39], values[3]);
    must(semctl(set, 0, IPC_RMID));
    must(semctl(waited, 0, IPC_RMID));
    must(semctl(fresh, 0, IPC_RMID));
    must(msgctl(queue, IPC_RMID, NULL));
    must(msgctl(quiet, IPC_RMID, NULL));
    return pass();
}
