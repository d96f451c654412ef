/*
 * Descriptors in flight, in messages that were not read yet: a file that the sender still has, both ends of a pipe that nobody else
 * has, two in one message, two headers in one, behind data and before data, over a stream and over packets, an epoll set that watches the
 * receiving socket, one from a sender that is gone.
 */
#include "program.h"
#include <sys/epoll.h>
#include <sys/socket.h>

static void put(int to, const char *text, const int *files, int count)
{
    char control[CMSG_SPACE(4 * sizeof(int))] = {0};
    struct iovec part = {(void *)(uintptr_t)text, strlen(text)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (count > 0) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
        memcpy(CMSG_DATA(header), files, (size_t)count * sizeof(int));
    }
    must(sendmsg(to, &message, 0));
}

static void put_in_two_headers(int to, const char *text, const int *files)
{
    char control[2 * CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {(void *)(uintptr_t)text, strlen(text)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header), files++) {
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), files, sizeof(int));
    }
    must(sendmsg(to, &message, 0));
}

static void get(int from, const char *text, int *files, int count)
{
    char control[CMSG_SPACE(8 * sizeof(int))] = {0}, got[64] = {0};
    struct iovec part = {got, strlen(text)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    must(recvmsg(from, &message, MSG_DONTWAIT));
    require(strcmp(got, text) == 0, "'%s' instead of '%s'", got, text);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    require((header == NULL) == (count == 0), "'%s': descriptors are lost or more", text);
    if (count > 0) {
        require(header->cmsg_len == CMSG_LEN((size_t)count * sizeof(int)), "'%s' came with another number of descriptors", text);
        memcpy(files, CMSG_DATA(header), (size_t)count * sizeof(int));
    }
}

static void through(const int ends[2], const char *what)
{
    char got[8] = {0};
    must(write(ends[1], "pipe", 4));
    require(read(ends[0], got, sizeof got) == 4 && strcmp(got, "pipe") == 0, "%s: '%s'", what, got);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    int types[] = {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM}, pairs[3][2], gone[2], pipes[2], got[4];
    int file = must(open(scratch_path("file"), O_RDWR | O_CREAT | O_TRUNC, 0600));
    for (int i = 0; i < 3; i++) {
        must(socketpair(AF_UNIX, types[i], 0, pairs[i]));
        must(pipe(pipes));
        put(pairs[i][0], "before", NULL, 0);
        put(pairs[i][0], "file", &file, 1);
        put(pairs[i][0], "both ends", pipes, 2);
        put_in_two_headers(pairs[i][0], "two headers", pipes);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = 77};
        int set = must(epoll_create1(0));
        must(epoll_ctl(set, EPOLL_CTL_ADD, pairs[i][1], &event));
        put(pairs[i][0], "epoll", &set, 1);
        close(set);
        put(pairs[i][0], "after", NULL, 0);
        close(pipes[0]);
        close(pipes[1]);
    }
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, gone));
    must(pipe(pipes));
    must(write(pipes[1], "old ", 4));
    put(gone[0], "x", pipes, 1);
    close(pipes[0]);
    close(gone[0]);
    /* No gap between the numbers: a restore finds only those above them free. */
    int filler, highest = pipes[1] > gone[1] ? pipes[1] : gone[1];
    while ((filler = must(dup(file))) < highest)
        ;
    close(filler);
    ready_and_wait();

    for (int i = 0; i < 3; i++) {
        get(pairs[i][1], "before", NULL, 0);
        get(pairs[i][1], "file", got, 1);
        must(lseek(file, 100 + i, SEEK_SET));
        require(must(lseek(got[0], 0, SEEK_CUR)) == 100 + i, "the file is not the sender's");
        get(pairs[i][1], "both ends", got, 2);
        through(got, "a pipe in flight");
        get(pairs[i][1], "two headers", got, 2);
        through(got, "a pipe in two headers");
        get(pairs[i][1], "epoll", got, 1);
        struct epoll_event event = {0};
        require(epoll_wait(got[0], &event, 1, 0) == 1 && event.data.u32 == 77, "the epoll set does not see its socket");
        get(pairs[i][1], "after", NULL, 0);
        require(epoll_wait(got[0], &event, 1, 0) == 0, "the epoll set sees something that is not there");
        must(epoll_ctl(got[0], EPOLL_CTL_DEL, pairs[i][1], NULL));
    }
    char text[16] = {0};
    get(gone[1], "x", got, 1);
    must(write(pipes[1], "new", 3));
    require(read(got[0], text, sizeof text) == 7 && strcmp(text, "old new") == 0, "the pipe holds '%s'", text);
    unlink(scratch_path("file"));
    return pass();
}
