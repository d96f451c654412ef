/*
 * Streams of bytes through TCP connections: filled until they take no more, and checked.
 */
#pragma once
#include "program.h"
#include <poll.h>
#include <sys/socket.h>

/* A stream of bytes that can be continued and checked anywhere. */
static inline unsigned char byte_at(size_t position, unsigned seed) { return (unsigned char)(mix(position / 8 + seed) >> (position % 8 * 8)); }

static inline size_t fill_up(int fd, unsigned seed)
{
    static unsigned char chunk[4000];
    size_t total = 0;
    for (ssize_t sent = 1; sent > 0; total += sent > 0 ? (size_t)sent : 0) {
        for (size_t i = 0; i < sizeof chunk; i++)
            chunk[i] = byte_at(total + i, seed);
        sent = send(fd, chunk, sizeof chunk, MSG_DONTWAIT);
    }
    require(errno == EAGAIN, "send: %s", strerror(errno));
    return total;
}

/* Waits for as much, and for the end of the stream after it where that is expected. */
static inline void drain(int fd, size_t bytes, unsigned seed, int ends, const char *what)
{
    static unsigned char chunk[70000];
    size_t total = 0;
    struct pollfd file = {fd, POLLIN, 0};
    for (ssize_t got = 1; total < bytes; total += (size_t)got) {
        require(poll(&file, 1, 20000) == 1, "%s: nothing comes after %zu of %zu bytes", what, total, bytes);
        got = read(fd, chunk, bytes - total < sizeof chunk ? bytes - total : sizeof chunk);
        require(got > 0, "%s: read gives %zd (%s) after %zu of %zu bytes", what, got, strerror(errno), total, bytes);
        for (ssize_t i = 0; i < got; i++)
            require(chunk[i] == byte_at(total + (size_t)i, seed), "%s: byte %zu differs", what, total + (size_t)i);
    }
    int there = poll(&file, 1, ends ? 20000 : 0);
    if (ends)
        require(there == 1 && read(fd, chunk, 1) == 0, "%s: the stream does not end", what);
    else
        require(there == 0, "%s: there is more", what);
}
