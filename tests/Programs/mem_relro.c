/*
 * The program's own modified file pages: data, relocated read-only data (RELRO), the table of lazily bound functions.
 * Functions of the C library that were never called before are bound after the restore.
 * @cflags -Wl,-z,lazy -Wl,-z,relro -fno-builtin
 */
#include "program.h"
#include <ctype.h>
#include <dlfcn.h>
#include <wchar.h>

static int first(int x) { return x + 1; }
static int second(int x) { return x * 2; }
static int (*const functions[])(int) = {first, second, first}; /* relocated, then read-only */
static const char *const names[] = {"alpha", "beta", "gamma"};
static uint64_t initialised[4096] = {1, 2, 3}, untouched[4096] = {7, 8, 9}, zeroed[4096];

static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

int main(int argc, char **argv)
{
    begin(argc, argv);
    fill(initialised, sizeof initialised, 5);
    fill(zeroed, sizeof zeroed, 6);
    ready_and_wait();

    require(functions[0](1) == 2 && functions[1](4) == 8, "relocated function pointers");
    require(strcmp(names[2], "gamma") == 0, "relocated string pointers");
    require(differs(initialised, sizeof initialised, 5) < 0, "data");
    require(differs(zeroed, sizeof zeroed, 6) < 0, "bss");
    require(untouched[0] == 7 && untouched[2] == 9 && untouched[4095] == 0, "untouched data");
    int numbers[] = {5, 3, 9, 1};
    qsort(numbers, 4, sizeof numbers[0], compare);
    require(numbers[0] == 1 && numbers[3] == 9, "qsort");
    require(strtoul("123", NULL, 10) == 123 && toupper('q') == 'Q', "strtoul, toupper");
    wchar_t wide[16];
    require(swprintf(wide, 16, L"%d", 42) == 2 && wcslen(wide) == 2, "swprintf");
    char *copy = strdup("heap");
    require(copy != NULL && strrchr(copy, 'p') == copy + 3, "strdup, strrchr");
    void *self = dlopen(NULL, RTLD_NOW);
    require(self != NULL && dlsym(self, "strtol") != NULL, "dlsym: %s", dlerror());
    require(getenv("PATH") != NULL || environ != NULL, "environment");
    FILE *file = fopen("/proc/self/status", "re");
    require(file != NULL && fgetc(file) == 'N' && fclose(file) == 0, "stdio");
    return pass();
}
