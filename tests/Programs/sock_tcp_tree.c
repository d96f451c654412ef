/*
 * A TCP server with forked clients over IPv4, IPv6 and IPv4 in IPv6, which exchange checksummed blocks of all sizes all the time.
 * @tree
 */
#include "program.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

enum { Clients = 3, Words = 20000 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static uint64_t block[Words];

static void send_all(int fd, const void *data, size_t bytes)
{
    for (ssize_t sent; bytes > 0; data = (const char *)data + sent, bytes -= (size_t)sent)
        require((sent = send(fd, data, bytes, MSG_NOSIGNAL)) > 0, "send: %s", strerror(errno));
}

/* Sends every block back, each word mixed. */
static void echo(int fd)
{
    uint64_t bytes;
    while (recv(fd, &bytes, sizeof bytes, MSG_WAITALL) == sizeof bytes) {
        require(recv(fd, block, bytes, MSG_WAITALL) == (ssize_t)bytes, "a block is cut");
        for (size_t i = 0; i < bytes / 8; i++)
            block[i] = mix(block[i]);
        send_all(fd, block, bytes);
    }
    _exit(0);
}

static void exchange(int fd, uint64_t seed)
{
    uint64_t words = 1 + mix(seed) % (seed % 8 ? 40 : Words), bytes = words * 8;
    fill(block, bytes, seed);
    send_all(fd, &bytes, sizeof bytes);
    send_all(fd, block, bytes);
    require(recv(fd, block, bytes, MSG_WAITALL) == (ssize_t)bytes, "an answer is cut");
    for (size_t i = 0; i < words; i++)
        require(block[i] == mix(mix(seed + i)), "word %zu of answer %llu differs", i, (unsigned long long)seed);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    int v6 = must(socket(AF_INET6, SOCK_STREAM, 0)), links[Clients];
    union address any = {.v6 = {.sin6_family = AF_INET6}};
    socklen_t length = sizeof any.v6;
    pid_t children[Clients];
    must(bind(v6, &any.any, length));
    must(listen(v6, Clients));
    must(getsockname(v6, &any.any, &length));
    for (int i = 0; i < Clients; i++) {
        if ((children[i] = must(fork())) == 0) {
            union address to = {.v4 = {.sin_family = AF_INET, .sin_port = any.v6.sin6_port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
            if (i == 1)
                to = (union address){.v6 = {.sin6_family = AF_INET6, .sin6_port = any.v6.sin6_port, .sin6_addr = IN6ADDR_LOOPBACK_INIT}};
            int fd = must(socket(to.any.sa_family, SOCK_STREAM, 0));
            must(connect(fd, &to.any, i == 1 ? sizeof to.v6 : sizeof to.v4));
            close(v6);
            for (int j = 0; j < i; j++)
                close(links[j]);
            echo(fd);
        }
        links[i] = must(accept(v6, NULL, NULL));
        int at_once = i > 0; /* the others wait for late acknowledgements */
        must(setsockopt(links[i], SOL_TCP, TCP_NODELAY, &at_once, sizeof at_once));
    }
    ready();
    sigset_t set;
    struct timespec none = {0, 100000};
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    uint64_t round = 1, rounds_after = 0;
    for (int told = 0; !told || rounds_after < 20; round++, rounds_after += (uint64_t)told) {
        told = told || sigtimedwait(&set, NULL, &none) == SIGUSR1;
        for (int i = 0; i < Clients; i++)
            exchange(links[i], round * Clients + (uint64_t)i);
    }
    for (int i = 0; i < Clients; i++) {
        int status;
        must(shutdown(links[i], SHUT_WR));
        require(waitpid(children[i], &status, 0) == children[i] && status == 0, "child %d ended with 0x%x", i, status);
    }
    return pass();
}
