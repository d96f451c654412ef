/*
 * A server with forked clients, and children that share a socket pair with their parent, while they talk all the time.
 * @tree
 */
#include "program.h"
#include <sys/socket.h>
#include <sys/un.h>

enum { Clients = 4 };

static void echo(int fd)
{
    uint64_t word;
    while (recv(fd, &word, sizeof word, MSG_WAITALL) == sizeof word) {
        word = mix(word);
        if (send(fd, &word, sizeof word, MSG_NOSIGNAL) != sizeof word)
            break;
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", scratch_path("server"));
    int listener = must(socket(AF_UNIX, SOCK_STREAM, 0)), links[Clients + 1], ends[2];
    pid_t children[Clients + 1];
    must(bind(listener, (struct sockaddr *)&address, sizeof address));
    must(listen(listener, Clients));
    for (int i = 0; i < Clients; i++) {
        if ((children[i] = must(fork())) == 0) {
            int fd = must(socket(AF_UNIX, SOCK_STREAM, 0));
            must(connect(fd, (struct sockaddr *)&address, sizeof address));
            close(listener);
            for (int j = 0; j < i; j++)
                close(links[j]);
            echo(fd);
        }
        links[i] = must(accept(listener, NULL, NULL));
    }
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    if ((children[Clients] = must(fork())) == 0) {
        for (int j = 0; j < Clients; j++)
            close(links[j]);
        close(ends[0]);
        echo(ends[1]);
    }
    close(ends[1]);
    links[Clients] = ends[0];
    ready();
    sigset_t set;
    struct timespec none = {0, 100000};
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    uint64_t round = 1, rounds_after = 0;
    for (int told = 0; !told || rounds_after < 100; round++, rounds_after += (uint64_t)told) {
        told = told || sigtimedwait(&set, NULL, &none) == SIGUSR1;
        for (int i = 0; i <= Clients; i++) {
            uint64_t word = round * 100 + (uint64_t)i, answer = 0;
            require(send(links[i], &word, sizeof word, MSG_NOSIGNAL) == sizeof word, "link %d: send: %s", i, strerror(errno));
            require(recv(links[i], &answer, sizeof answer, MSG_WAITALL) == sizeof answer && answer == mix(word), "link %d: a wrong answer", i);
        }
    }
    for (int i = 0; i <= Clients; i++) {
        int status;
        close(links[i]);
        require(must(waitpid(children[i], &status, 0)) == children[i] && status == 0, "a child ended with %x", status);
    }
    unlink(address.sun_path);
    return pass();
}
