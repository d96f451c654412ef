/*
 * TCP connections that lead out of the job and go on (--tcp keep): IPv4, IPv6, IPv4 in IPv6; unread and unsent data, full queues, one direction ended, by either
 * side, with data before it and without. The one outside goes on sending all the time, and is asked at the end whether all came to it.
 * @alone
 */
#include "socket_options.h"
#include "tcp_streams.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { Control, Ticks, Mapped, Sixth, Client, Full, FinWait1, FinWait2, CloseWait, LastAck, Closing, Count, Rounds = 100 };

static int ends[Count], listener, listener6;
static size_t filled[Count], received[Count];
extern char **environ;

static struct sockaddr_in6 address_of(int fd)
{
    struct sockaddr_in6 address = {0};
    socklen_t length = sizeof address;
    must(getsockname(fd, (struct sockaddr *)&address, &length));
    return address;
}

static int listen_on(int family)
{
    int fd = must(socket(family, SOCK_STREAM, 0));
    struct sockaddr_in6 address = {.sin6_family = (sa_family_t)family};
    must(bind(fd, (struct sockaddr *)&address, sizeof address));
    must(listen(fd, Count));
    return fd;
}

static int connect_to(int to, int family)
{
    in_port_t port = address_of(to).sin6_port;
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = must(socket(family, SOCK_STREAM, 0));
    must(family == AF_INET ? connect(fd, (struct sockaddr *)&v4, sizeof v4) : connect(fd, (struct sockaddr *)&v6, sizeof v6));
    return fd;
}

static int is_sixth(int i) { return i == Sixth || i == CloseWait; }

static void send_all(int fd, const void *data, size_t bytes) { require(send(fd, data, bytes, MSG_NOSIGNAL) == (ssize_t)bytes, "send: %s", strerror(errno)); }

static void receive_all(int fd, void *data, size_t bytes)
{
    ssize_t got = recv(fd, data, bytes, MSG_WAITALL);
    require(got == (ssize_t)bytes, "recv of %zu bytes gives %zd (%s)", bytes, got, strerror(errno));
}

static void await_state(int fd, int state)
{
    struct tcp_info info;
    socklen_t length = sizeof info;
    wait_until((must(getsockopt(fd, SOL_TCP, TCP_INFO, &info, &length)), info.tcpi_state == state), "state %d, not %d", info.tcpi_state, state);
}

/* What was sent through the connections by the one outside, and what by the job: seeds. */
static unsigned from_outside(int i) { return 100 + (unsigned)i; }

static unsigned from_job(int i) { return 200 + (unsigned)i; }

/* Ticks, answers, and checks all that the job has sent when it is told to. */
static void serve(void)
{
    uint64_t tick = 0;
    for (char word = 0; word != 'v';) {
        if (send(ends[Ticks], &tick, sizeof tick, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof tick)
            tick++;
        if (recv(ends[Control], &word, 1, MSG_DONTWAIT) == 0)
            _exit(0);
        if (word == 'e')
            send_all(ends[Control], &word, 1);
        word = word == 'e' ? 0 : word;
        nap_ms(5);
    }
    receive_all(ends[Control], filled, sizeof filled);
    for (int i = Mapped; i < Count; i++)
        if (i != CloseWait)
            drain(ends[i], filled[i], from_job(i), i == FinWait1 || i == FinWait2 || i == LastAck || i == Closing, "outside");
    receive_all(ends[CloseWait], &tick, sizeof tick);
    must(shutdown(ends[FinWait1], SHUT_WR));
    must(shutdown(ends[FinWait2], SHUT_WR));
    send_all(ends[Control], "P", 1);
    char byte;
    require(recv(ends[Control], &byte, 1, 0) == 0, "the job says more");
    _exit(0);
}

/* Holds the other ends, outside of the job, where the tests do not know it. */
static void stand_outside(int own, int told)
{
    for (char **word = environ; *word; word++)
        memset(*word, 0, strlen(*word));
    must(setsid());
    alarm(120);
    for (int i = 0; i < Count; i++)
        if (i != Client)
            ends[i] = connect_to(i == Mapped || is_sixth(i) ? listener6 : listener, is_sixth(i) ? AF_INET6 : AF_INET);
    ends[Client] = must(accept(own, NULL, NULL));
    must(fcntl(STDOUT_FILENO, F_SETFL, O_APPEND)); /* a failure is told in the output of the job */
    close(listener);
    close(listener6);
    for (int i = Mapped; i < Full; i++) {
        size_t bytes = 1000 * (size_t)i;
        for (size_t at = 0; at < bytes; at++)
            send_all(ends[i], (unsigned char[]){byte_at(at, from_outside(i))}, 1);
        received[i] = bytes;
    }
    received[Full] = fill_up(ends[Full], from_outside(Full));
    received[Closing] = fill_up(ends[Closing], from_outside(Closing));
    received[CloseWait] = 20000;
    for (size_t at = 0; at < received[CloseWait]; at++)
        send_all(ends[CloseWait], (unsigned char[]){byte_at(at, from_outside(CloseWait))}, 1);
    must(shutdown(ends[CloseWait], SHUT_WR));
    must(shutdown(ends[LastAck], SHUT_WR));
    must(shutdown(ends[Closing], SHUT_WR));
    must(write(told, received, sizeof received));
    close(told);
    serve();
}

static void set_up(void)
{
    int pipes[2], theirs = listen_on(AF_INET);
    listener = listen_on(AF_INET);
    listener6 = listen_on(AF_INET6);
    must(pipe(pipes));
    ends[Client] = connect_to(theirs, AF_INET);
    pid_t child = must(fork());
    if (child == 0) {
        if (must(fork()) != 0)
            _exit(0);
        close(ends[Client]);
        stand_outside(theirs, pipes[1]);
    }
    must(waitpid(child, NULL, 0));
    close(theirs);
    close(pipes[1]);
    for (int i = 0; i < Count; i++)
        if (i != Client)
            ends[i] = must(accept(i == Mapped || is_sixth(i) ? listener6 : listener, NULL, NULL));
    require(read(pipes[0], received, sizeof received) == sizeof received, "the one outside has ended");
    close(pipes[0]);
    set_option(ends[Full], SOL_SOCKET, SO_SNDBUF, 200000);
    const int full[] = {Full, FinWait1, LastAck, Closing};
    for (int i = 0; i < 4; i++)
        filled[full[i]] = fill_up(ends[full[i]], from_job(full[i]));
    must(shutdown(ends[FinWait1], SHUT_WR));
    must(shutdown(ends[FinWait2], SHUT_WR));
    must(shutdown(ends[LastAck], SHUT_WR));
    must(shutdown(ends[Closing], SHUT_WR));
    drain(ends[Closing], received[Closing], from_outside(Closing), 1, "closing");
    await_state(ends[FinWait1], TCP_FIN_WAIT1);
    await_state(ends[FinWait2], TCP_FIN_WAIT2);
    await_state(ends[CloseWait], TCP_CLOSE_WAIT);
    await_state(ends[LastAck], TCP_LAST_ACK);
    await_state(ends[Closing], TCP_CLOSING);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    set_up();
    set_option(ends[Sixth], SOL_TCP, TCP_NODELAY, 1);
    struct sockaddr_in6 names[Count], name;
    for (int i = 0; i < Count; i++)
        names[i] = address_of(ends[i]);
    ready_and_wait();

    char byte = 0;
    for (int i = 0; i < Count; i++) {
        name = address_of(ends[i]);
        require(memcmp(&name, &names[i], sizeof name) == 0, "the name of end %d", i);
    }
    require(option(ends[Sixth], SOL_TCP, TCP_NODELAY) == 1 && option(ends[Sixth], SOL_SOCKET, SO_REUSEADDR) == 0, "options");
    send_all(ends[Control], "e", 1);
    receive_all(ends[Control], &byte, 1);
    require(byte == 'e', "the one outside does not answer");
    uint64_t queued = 0, tick = 0;
    must(ioctl(ends[Ticks], FIONREAD, &queued));
    for (uint64_t i = 0; i < queued / sizeof tick + Rounds; i++) {
        receive_all(ends[Ticks], &tick, sizeof tick);
        require(tick == i, "tick %llu comes instead of %llu", (unsigned long long)tick, (unsigned long long)i);
    }
    for (int i = Mapped; i <= Full; i++)
        drain(ends[i], received[i], from_outside(i), 0, "what came in");
    drain(ends[CloseWait], received[CloseWait], from_outside(CloseWait), 1, "ended by the peer");
    require(read(ends[LastAck], &byte, 1) == 0 && read(ends[Closing], &byte, 1) == 0, "an end that was received is lost");
    require(write(ends[FinWait2], "x", 1) == -1 && errno == EPIPE, "a direction that was ended is open");
    send_all(ends[Control], "v", 1);
    send_all(ends[Control], filled, sizeof filled);
    send_all(ends[CloseWait], &tick, sizeof tick);
    receive_all(ends[Control], &byte, 1);
    require(byte == 'P', "the one outside is not content");
    require(read(ends[FinWait1], &byte, 1) == 0 && read(ends[FinWait2], &byte, 1) == 0, "the other direction does not end");
    int again = connect_to(listener, AF_INET);
    require(accept(listener, NULL, NULL) >= 0, "nobody can connect");
    close(again);
    return pass();
}
