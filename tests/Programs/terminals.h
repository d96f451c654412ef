/* What the programs about terminals share. */
#pragma once
#include "program.h"
#include <asm/termios.h>
#include <asm/ioctls.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

int ioctl(int fd, unsigned long request, ...);

struct pty {
    int master, slave, number;
};

static inline const char *slave_path(int number)
{
    static char path[32];
    snprintf(path, sizeof path, "/dev/pts/%d", number);
    return path;
}

/* A new pair; slave -1 where it is not to be opened. */
static inline struct pty new_pty(int flags, int opens)
{
    struct pty pty = {must(open("/dev/ptmx", O_RDWR | O_NOCTTY | flags)), -1, 0};
    int unlocked = 0;
    must(ioctl(pty.master, TIOCGPTN, &pty.number));
    must(ioctl(pty.master, TIOCSPTLCK, &unlocked));
    if (opens)
        pty.slave = must(open(slave_path(pty.number), O_RDWR | O_NOCTTY));
    return pty;
}

static inline struct termios2 settings_of(int fd)
{
    struct termios2 settings;
    must(ioctl(fd, TCGETS2, &settings));
    return settings;
}

static inline void set(int fd, struct termios2 settings) { must(ioctl(fd, TCSETS2, &settings)); }

static inline void make_raw(int fd)
{
    struct termios2 settings = settings_of(fd);
    settings.c_iflag = 0;
    settings.c_oflag = 0;
    settings.c_lflag = 0;
    settings.c_cc[VMIN] = 1;
    settings.c_cc[VTIME] = 0;
    set(fd, settings);
}

static inline int events(int fd, int wanted)
{
    struct pollfd file = {fd, (short)wanted, 0};
    must(poll(&file, 1, 0));
    return file.revents;
}

static inline void put(int fd, const char *text)
{
    require(must(write(fd, text, strlen(text))) == (ssize_t)strlen(text), "%d took only a part of \"%s\"", fd, text);
}

/* One read(2) gives exactly the text; waits for it, because a thread of the kernel brings it. */
static inline void expect_read(int fd, const char *text, const char *what)
{
    char got[256] = {0};
    wait_until(events(fd, POLLIN) & POLLIN, "%s gives nothing", what);
    ssize_t length = read(fd, got, sizeof got - 1);
    require(length == (ssize_t)strlen(text) && strcmp(got, text) == 0, "%s gave %zd bytes \"%s\", not \"%s\"", what, length, got, text);
}

/* Reads until all of the text has come, in pieces of any length. */
static inline void expect_all(int fd, const char *text, const char *what)
{
    char got[512] = {0};
    size_t length = 0;
    while (length < strlen(text)) {
        wait_until(events(fd, POLLIN) & POLLIN, "%s gives no more than \"%s\"", what, got);
        ssize_t part = read(fd, got + length, strlen(text) - length);
        require(part > 0, "%s: read: %s after \"%s\"", what, strerror(errno), got);
        length += (size_t)part;
    }
    require(strcmp(got, text) == 0, "%s gave \"%s\", not \"%s\"", what, got, text);
}

static inline void expect_nothing(int fd, const char *what) { require((events(fd, POLLIN) & POLLIN) == 0, "%s gives more", what); }
