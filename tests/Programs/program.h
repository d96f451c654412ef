/*
 * What every self-verifying program shares.
 *
 *   PROGRAM SCRATCH      SCRATCH is a path prefix for the files that the program makes.
 *
 * The program sets up one kind of kernel state, prints "ready", waits for SIGUSR1, verifies its own state and ends
 * with "PASS" and exit code 0, or "FAIL: why" and exit code 1. Standard output is a regular file.
 *
 * Words in the head comment of a program, read by the tests:
 *   @go file         waits for the file SCRATCH.go to appear, because signals are its topic
 *   @cflags FLAGS    more compiler flags
 *   @tree            has child processes
 *   @thread-state    what its threads do is the topic: repeated more often
 *   @refused WORD    check and dump refuse it, with WORD in the sentence
 *   @alone           is run by a test of its own only
 *   @dump OPTIONS    a dump of it needs these options
 *   @huge-pages      has memory in huge pages of 2 MiB, up to 40 of them
 *   @steps [small]   changes itself in two steps, each when the file SCRATCH.step-N appears: see take_steps; "small" where
 *                    each changes less than a quarter of its memory
 */
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *scratch;

/* One write, so that lines of several threads do not mix; no stdio buffer is part of the protocol. */
static inline void say(const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (length < 0 || length > (int)sizeof line - 2)
        length = (int)sizeof line - 2;
    line[length] = '\n';
    if (write(STDOUT_FILENO, line, (size_t)length + 1) != length + 1)
        _exit(2);
}

#define fail(...) (say("FAIL: " __VA_ARGS__), _exit(1))

/* require(condition, "format", ...): ends the program with FAIL unless the condition holds. */
#define require(condition, ...)  \
    do {                         \
        if (!(condition))        \
            fail(__VA_ARGS__);   \
    } while (0)

/* must(call): for set-up calls that return -1 or a null or MAP_FAILED pointer on failure. */
#define must(call)                                                            \
    ({                                                                        \
        __typeof__(call) must_result = (call);                                \
        if ((intptr_t)must_result == -1)                                      \
            fail("%s:%d: %s: %s", __FILE__, __LINE__, #call, strerror(errno)); \
        must_result;                                                          \
    })

/* zero(call): for calls that return 0 or an error number. */
#define zero(call)                                                                  \
    do {                                                                            \
        int zero_result = (call);                                                   \
        if (zero_result != 0)                                                       \
            fail("%s:%d: %s: %s", __FILE__, __LINE__, #call, strerror(zero_result)); \
    } while (0)

/* Called first. SIGUSR1 is blocked here, so that every thread inherits that and only wait_for_go takes it. */
static inline void begin(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s SCRATCH\n", argv[0]);
        exit(2);
    }
    scratch = argv[1];
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    zero(pthread_sigmask(SIG_BLOCK, &set, NULL));
}

static inline void ready(void) { say("ready"); }

static inline void wait_for_go(void)
{
    sigset_t set;
    int signal_number;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    zero(sigwait(&set, &signal_number));
}

static inline void ready_and_wait(void)
{
    ready();
    wait_for_go();
}

/* SCRATCH.suffix, in one of four rotating buffers. */
static inline const char *scratch_path(const char *suffix)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ & 3];
    snprintf(path, sizeof paths[0], "%s.%s", scratch, suffix);
    return path;
}

static inline uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

static inline struct timespec after_ms(clockid_t clock, long milliseconds)
{
    uint64_t at = clock_ns(clock) + (uint64_t)milliseconds * 1000000u;
    return (struct timespec){(time_t)(at / 1000000000u), (long)(at % 1000000000u)};
}

static inline void nap_ms(long milliseconds)
{
    struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

/* The other way to be told to go on, for programs whose topic is signals. */
static inline void wait_for_go_file(void)
{
    const char *path = scratch_path("go");
    while (access(path, F_OK) != 0)
        nap_ms(10);
}

/* Waits until the condition holds; ends the program with FAIL after 20 s, which only a lost wake-up can take. */
#define wait_until(condition, ...)                                \
    do {                                                          \
        uint64_t wait_end = now_ns() + 20000000000u;              \
        while (!(condition)) {                                    \
            require(now_ns() < wait_end, __VA_ARGS__);            \
            nap_ms(2);                                            \
        }                                                         \
    } while (0)

/* Returns 1 when the tests ask for step N by the file SCRATCH.step-N, 0 when SIGUSR1 comes before. */
static inline int next_step(int number)
{
    char suffix[32];
    snprintf(suffix, sizeof suffix, "step-%d", number);
    sigset_t set;
    struct timespec look = {0, 5000000};
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    while (sigtimedwait(&set, NULL, &look) != SIGUSR1)
        if (access(scratch_path(suffix), F_OK) == 0)
            return 1;
    return 0;
}

/*
 * Prints "ready", makes each change that is asked for and prints "step N" after it. Returns how many were made when SIGUSR1
 * comes. Dumps are taken in between, so that each change is one between two generations.
 */
static inline int take_steps_from(int done, void (*change)(int number))
{
    while (next_step(done + 1)) {
        change(++done);
        say("step %d", done);
    }
    return done;
}

static inline int take_steps(void (*change)(int number))
{
    ready();
    return take_steps_from(0, change);
}

static inline pid_t thread_id(void) { return (pid_t)syscall(SYS_gettid); }

static inline pthread_t start_thread(void *(*entry)(void *), void *argument)
{
    pthread_t thread;
    zero(pthread_create(&thread, NULL, entry, argument));
    return thread;
}

static inline void *join(pthread_t thread)
{
    void *result;
    zero(pthread_join(thread, &result));
    return result;
}

/* splitmix64: a good mixer in five lines. */
static inline uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Fills words with a pattern of the seed, and checks it: returns the first wrong index or -1. */
static inline void fill(void *memory, size_t bytes, uint64_t seed)
{
    uint64_t *words = memory;
    for (size_t i = 0; i < bytes / 8; i++)
        words[i] = mix(seed + i);
}

static inline long differs(const void *memory, size_t bytes, uint64_t seed)
{
    const uint64_t *words = memory;
    for (size_t i = 0; i < bytes / 8; i++)
        if (words[i] != mix(seed + i))
            return (long)i;
    return -1;
}

static inline int is_zero(const void *memory, size_t bytes)
{
    const uint64_t *words = memory;
    for (size_t i = 0; i < bytes / 8; i++)
        if (words[i] != 0)
            return 0;
    return 1;
}

/* Reads a whole small file of /proc or elsewhere; the text is 0-terminated; returns its length. */
static inline size_t read_whole(const char *path, char *text, size_t size)
{
    int fd = must(open(path, O_RDONLY | O_CLOEXEC));
    size_t length = 0;
    ssize_t got;
    while (length < size - 1 && (got = must(read(fd, text + length, size - 1 - length))) > 0)
        length += (size_t)got;
    text[length] = 0;
    close(fd);
    return length;
}

static inline int pass(void)
{
    say("PASS");
    return 0;
}
