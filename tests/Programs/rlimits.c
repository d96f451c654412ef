/* All resource limits, soft and hard ones. */
#include "program.h"
#include <sys/resource.h>

int main(int argc, char **argv)
{
    begin(argc, argv);
    struct rlimit before[RLIM_NLIMITS], now;
    for (int i = 0; i < RLIM_NLIMITS; i++)
        must(getrlimit(i, &before[i]));
    before[RLIMIT_CORE] = (struct rlimit){4096, 8192};
    before[RLIMIT_FSIZE] = (struct rlimit){123456789, 987654321};
    before[RLIMIT_CPU].rlim_cur = 3600;
    before[RLIMIT_NOFILE] = (struct rlimit){200, 300};
    before[RLIMIT_STACK].rlim_cur = 16 << 20;
    before[RLIMIT_AS].rlim_cur = 1ul << 40;
    before[RLIMIT_SIGPENDING].rlim_cur /= 2;
    for (int i = 0; i < RLIM_NLIMITS; i++)
        must(setrlimit(i, &before[i]));
    ready_and_wait();
    for (int i = 0; i < RLIM_NLIMITS; i++) {
        must(getrlimit(i, &now));
        require(now.rlim_cur == before[i].rlim_cur, "limit %d: soft %lu, was %lu", i, now.rlim_cur, before[i].rlim_cur);
        require(now.rlim_max == before[i].rlim_max, "limit %d: hard %lu, was %lu", i, now.rlim_max, before[i].rlim_max);
    }
    return pass();
}
