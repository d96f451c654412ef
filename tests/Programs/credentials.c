/*
 * Credentials, as root: supplementary groups, real, effective, saved and file system ids, capability sets with kept,
 * dropped and ambient ones, securebits, and the login ID where this host lets it be set. Not as root: they stay what they are.
 */
#include "program.h"
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <grp.h>

static void facts(char *text, size_t size)
{
    static char status[8192];
    const char *lines[] = {"\nUid:", "\nGid:", "\nGroups:", "\nCapInh:", "\nCapPrm:", "\nCapEff:", "\nCapBnd:", "\nCapAmb:"};
    read_whole("/proc/self/status", status, sizeof status);
    size_t length = 0;
    for (int i = 0; i < 8; i++) {
        const char *line = strstr(status, lines[i]) + 1;
        length += (size_t)snprintf(text + length, size - length, "%.*s; ", (int)strcspn(line, "\n"), line);
    }
    char login[16] = "none";
    if (access("/proc/self/loginuid", R_OK) == 0)
        read_whole("/proc/self/loginuid", login, sizeof login);
    snprintf(text + length, size - length, "securebits %d; login %s", prctl(PR_GET_SECUREBITS), login);
}

/* Needs CAP_AUDIT_CONTROL, which a container may lack. */
static void log_in(const char *user)
{
    int fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && write(fd, user, strlen(user)) < 0)
        require(errno == EPERM, "the login ID: %s", strerror(errno));
    close(fd);
}

static void become_ordinary(void)
{
    log_in("4711");
    gid_t groups[] = {5, 20, 1234, 70000};
    must(prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS | SECBIT_NO_SETUID_FIXUP_LOCKED));
    must(prctl(PR_CAPBSET_DROP, CAP_SYS_TIME));
    must(prctl(PR_CAPBSET_DROP, CAP_SYSLOG));
    must(setgroups(4, groups));
    must(setresgid(2000, 2001, 2002));
    must(setresuid(1000, 1001, 1002));
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    uint32_t kept = 1u << CAP_KILL | 1u << CAP_NET_BIND_SERVICE | 1u << CAP_SETUID | 1u << CAP_SETGID;
    struct __user_cap_data_struct sets[2] = {{1u << CAP_KILL | 1u << CAP_SETUID, kept, 1u << CAP_KILL | 1u << CAP_NET_BIND_SERVICE}};
    must(syscall(SYS_capset, &header, sets));
    must(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
    sets[0].effective |= 1u << CAP_SETGID;
    must(syscall(SYS_capset, &header, sets));
    setfsgid(2003);
    setfsuid(1003);
    sets[0].effective &= ~(1u << CAP_SETGID);
    must(syscall(SYS_capset, &header, sets));
    require(setfsuid((uid_t)-1) == 1003 && setfsgid((gid_t)-1) == 2003, "set-up of file system ids");
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    if (getuid() == 0)
        become_ordinary();
    char before[1024], now[1024];
    facts(before, sizeof before);
    ready_and_wait();
    facts(now, sizeof now);
    require(strcmp(before, now) == 0, "[%s], was [%s]", now, before);
    return pass();
}
