/*
 * Sockets with names: listening with connections accepted and waiting, a path with mode and owner, a relative path after the working
 * directory has changed, abstract names, a path that was unlinked, one that another socket has taken since, one in a directory that
 * is gone; datagram sockets with messages of named, nameless and gone senders, and connected to one another.
 */
#include "program.h"
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct sockaddr_un at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    require(strlen(path) < sizeof address.sun_path, "%s is too long", path);
    strcpy(address.sun_path, path);
    return address;
}

static int bound(int type, struct sockaddr_un address, socklen_t length)
{
    int fd = must(socket(AF_UNIX, type, 0));
    must(bind(fd, (struct sockaddr *)&address, length));
    return fd;
}

static int bound_to(int type, const char *path) { return bound(type, at(path), sizeof(struct sockaddr_un)); }

static int listening(int type, const char *path)
{
    int fd = bound_to(type, path);
    must(listen(fd, 7));
    return fd;
}

static int connected(int type, const char *path)
{
    struct sockaddr_un address = at(path);
    int fd = must(socket(AF_UNIX, type, 0));
    must(connect(fd, (struct sockaddr *)&address, sizeof address));
    return fd;
}

static void talk(int from, int to, const char *what)
{
    char byte = 0;
    require(send(from, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1, "%s: send: %s", what, strerror(errno));
    require(recv(to, &byte, 1, MSG_DONTWAIT) == 1 && byte == 'x', "%s: recv: %s", what, strerror(errno));
}

static void expect_name(int fd, int of_peer, const char *path)
{
    struct sockaddr_un address = {0};
    socklen_t length = sizeof address;
    must(of_peer ? getpeername(fd, (struct sockaddr *)&address, &length) : getsockname(fd, (struct sockaddr *)&address, &length));
    require(strcmp(address.sun_path, path) == 0, "a name is '%s' instead of '%s'", address.sun_path, path);
}

static void expect_from(int fd, const char *text, const char *sender)
{
    char got[64] = {0};
    struct sockaddr_un address = {0};
    socklen_t length = sizeof address;
    must(recvfrom(fd, got, sizeof got - 1, MSG_DONTWAIT, (struct sockaddr *)&address, &length));
    require(strcmp(got, text) == 0 && strcmp(address.sun_path, sender) == 0, "'%s' from '%s' instead of '%s' from '%s'", got, address.sun_path, text, sender);
}

static void send_to(int fd, const char *path, const char *text)
{
    struct sockaddr_un address = at(path);
    must(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&address, sizeof address));
}

/* A new client is served. */
static void serve(int listener, int client, const char *what)
{
    must(fcntl(listener, F_SETFL, O_NONBLOCK));
    talk(client, must(accept(listener, NULL, NULL)), what);
}

static void check_type(int type, char *path, int listener, int client, int server, int waiting)
{
    struct stat file;
    must(stat(path, &file));
    require(S_ISSOCK(file.st_mode) && (file.st_mode & 07777) == 0624 && (geteuid() != 0 || file.st_uid == 12), "mode %o, owner %u", file.st_mode, file.st_uid);
    expect_name(server, 0, path);
    expect_name(client, 1, path);
    talk(client, server, "accepted");
    talk(server, client, "accepted");
    must(fcntl(listener, F_SETFL, O_NONBLOCK));
    int late = must(accept(listener, NULL, NULL));
    expect_name(late, 0, path);
    talk(waiting, late, "waiting");
    require(accept(listener, NULL, NULL) == -1 && errno == EAGAIN, "one more connection waits");
    serve(listener, connected(type, path), "new");
    unlink(path);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    char stream_path[256], packet_path[256], gone_path[256], dgram_path[256], sender_path[256], directory[256], inside[300];
    strcpy(stream_path, scratch_path("stream"));
    strcpy(packet_path, scratch_path("packet"));
    strcpy(gone_path, scratch_path("gone"));
    strcpy(dgram_path, scratch_path("dgram"));
    strcpy(sender_path, scratch_path("sender"));
    strcpy(directory, scratch_path("dir"));
    char *paths[] = {stream_path, packet_path};
    int types[] = {SOCK_STREAM, SOCK_SEQPACKET}, listeners[2], clients[2], servers[2], waiting[2];
    for (int i = 0; i < 2; i++) {
        listeners[i] = listening(types[i], paths[i]);
        must(chmod(paths[i], 0624));
        if (geteuid() == 0)
            must(chown(paths[i], 12, 34));
        clients[i] = connected(types[i], paths[i]);
        servers[i] = must(accept(listeners[i], NULL, NULL));
        waiting[i] = connected(types[i], paths[i]);
    }

    int gone = listening(SOCK_STREAM, gone_path), gone_client = connected(SOCK_STREAM, gone_path), gone_server = must(accept(gone, NULL, NULL));
    int second_client = connected(SOCK_STREAM, gone_path), second_server = must(accept(gone, NULL, NULL));
    must(unlink(gone_path));
    int taker = listening(SOCK_STREAM, gone_path);
    close(gone);

    must(mkdir(directory, 0700));
    snprintf(inside, sizeof inside, "%s/sub", directory);
    must(mkdir(inside, 0700));
    must(chdir(inside));
    int relative = listening(SOCK_STREAM, "../relative");
    must(chdir("/"));
    must(rmdir(inside));
    snprintf(inside, sizeof inside, "%s/relative", directory);
    struct sockaddr_un hidden = {.sun_family = AF_UNIX};
    int hidden_length = (int)offsetof(struct sockaddr_un, sun_path) + 1 + snprintf(hidden.sun_path + 1, 90, "abstract-%d", getpid());
    int abstract = bound(SOCK_STREAM, hidden, (socklen_t)hidden_length);
    must(listen(abstract, 3));
    char lost[300];
    snprintf(lost, sizeof lost, "%s.lost", directory);
    must(mkdir(lost, 0700));
    must(chdir(lost));
    int in_lost = bound_to(SOCK_DGRAM, "here");
    must(unlink("here"));
    must(chdir("/"));
    must(rmdir(lost));
    int unbound = must(socket(AF_UNIX, SOCK_STREAM, 0));

    int dgram = bound_to(SOCK_DGRAM, dgram_path), sender = bound_to(SOCK_DGRAM, sender_path), nameless = must(socket(AF_UNIX, SOCK_DGRAM, 0));
    int ended = bound_to(SOCK_DGRAM, scratch_path("ended"));
    send_to(sender, dgram_path, "from a name");
    send_to(nameless, dgram_path, "from nobody");
    send_to(ended, dgram_path, "from the dead");
    send_to(sender, dgram_path, "again");
    close(ended);
    unlink(scratch_path("ended"));
    int to_dgram = connected(SOCK_DGRAM, dgram_path), dead = bound_to(SOCK_DGRAM, scratch_path("dead")), to_dead = connected(SOCK_DGRAM, scratch_path("dead"));
    close(dead);
    unlink(scratch_path("dead"));
    ready_and_wait();

    for (int i = 0; i < 2; i++)
        check_type(types[i], paths[i], listeners[i], clients[i], servers[i], waiting[i]);
    expect_name(gone_server, 0, gone_path);
    talk(gone_client, gone_server, "its listener is gone");
    talk(second_server, second_client, "its listener is gone");
    serve(taker, connected(SOCK_STREAM, gone_path), "a path taken over");
    expect_name(relative, 0, "../relative");
    serve(relative, connected(SOCK_STREAM, inside), "a relative path");
    int hidden_client = must(socket(AF_UNIX, SOCK_STREAM, 0));
    must(connect(hidden_client, (struct sockaddr *)&hidden, (socklen_t)hidden_length));
    serve(abstract, hidden_client, "an abstract name");
    expect_name(in_lost, 0, "here");
    struct sockaddr_un late = at(scratch_path("late"));
    must(bind(unbound, (struct sockaddr *)&late, sizeof late));
    must(listen(unbound, 1));

    expect_from(dgram, "from a name", sender_path);
    expect_from(dgram, "from nobody", "");
    expect_from(dgram, "from the dead", scratch_path("ended"));
    expect_from(dgram, "again", sender_path);
    talk(to_dgram, dgram, "a connected datagram socket");
    require(send(to_dead, "x", 1, 0) == -1 && errno == ECONNREFUSED, "a dead peer lives");
    send_to(dgram, sender_path, "answer");
    expect_from(sender, "answer", dgram_path);
    const char *files[] = {"gone", "dgram", "sender", "late", "dir/relative"};
    for (int i = 0; i < 5; i++)
        must(unlink(scratch_path(files[i])));
    must(rmdir(directory));
    return pass();
}
