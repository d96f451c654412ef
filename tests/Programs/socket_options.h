/*
 * Options of sockets that are numbers.
 */
#pragma once
#include "program.h"
#include <sys/socket.h>

static inline int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t length = sizeof value;
    must(getsockopt(fd, level, name, &value, &length));
    return value;
}

static inline void set_option(int fd, int level, int name, int value) { must(setsockopt(fd, level, name, &value, sizeof value)); }
