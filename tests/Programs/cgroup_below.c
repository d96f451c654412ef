/*
 * Cgroups that the job has made below its own: a child, and a thread of it, are each in one, in the first hierarchy of cgroup v1, or else of v2, that lets them be made; with a
 * limit of processes where that is the pids hierarchy. Where none does, nothing is tested.
 * @tree
 */
#include "program.h"
#include <sys/prctl.h>

static char base[512], place[600], controllers[128];
static struct { pid_t child, thread; int go, answer; } *shared;

/* Path of a task's cgroup in the hierarchy. */
static const char *cgroup_of(pid_t process, pid_t task)
{
    static char path[512];
    char file[64], line[1024], key[160];
    snprintf(file, sizeof file, "/proc/%d/task/%d/cgroup", process, task);
    snprintf(key, sizeof key, ":%s:", controllers);
    FILE *stream = fopen(file, "r");
    require(stream != NULL, "%s", file);
    path[0] = 0;
    while (fgets(line, sizeof line, stream)) {
        char *found = strstr(line, key);
        if (found && found == strchr(line, ':'))
            snprintf(path, sizeof path, "%.*s", (int)strcspn(found + strlen(key), "\n"), found + strlen(key));
    }
    fclose(stream);
    return path;
}

static int put(const char *directory, const char *name, const char *text)
{
    char path[700];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int fd = open(path, O_WRONLY), done = fd >= 0 && write(fd, text, strlen(text)) > 0;
    close(fd);
    return done;
}

/* Finds a hierarchy of v1 in which a cgroup can be made; threads of one process can be apart there. */
static int find_hierarchy(void)
{
    char line[1024], point[256], options[256];
    FILE *mounts = fopen("/proc/self/mounts", "r");
    while (mounts && fgets(line, sizeof line, mounts)) {
        if (sscanf(line, "%*s %255s cgroup %255s", point, options) != 2 || !strstr(options, "pids"))
            continue;
        strcpy(controllers, "pids");
        snprintf(base, sizeof base, "%s%s", point, cgroup_of(getpid(), getpid()));
        snprintf(place, sizeof place, "%s/job-%d", base, getpid());
        fclose(mounts);
        return mkdir(place, 0755) == 0 && put(place, "pids.max", "77");
    }
    if (mounts)
        fclose(mounts);
    return 0;
}

static void *in_base(void *unused)
{
    char text[32];
    snprintf(text, sizeof text, "%d", thread_id());
    put(base, "tasks", text);
    __atomic_store_n(&shared->thread, thread_id(), __ATOMIC_RELEASE);
    for (;;)
        pause();
    return unused;
}

static int ends_with(const char *text, const char *end) { return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0; }

int main(int argc, char **argv)
{
    begin(argc, argv);
    char name[64], text[32], limit[32];
    shared = must(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    int made = find_hierarchy();
    snprintf(name, sizeof name, "/job-%d", getpid());
    pid_t child = must(fork());
    if (child == 0) {
        must(prctl(PR_SET_PDEATHSIG, SIGKILL));
        snprintf(text, sizeof text, "%d", getpid());
        if (made)
            require(put(place, "cgroup.procs", text), "cannot enter %s", place);
        start_thread(in_base, NULL);
        for (;;)
            pause();
    }
    wait_until(__atomic_load_n(&shared->thread, __ATOMIC_ACQUIRE) != 0, "the thread is not there");
    pid_t thread = shared->thread;
    ready_and_wait();

    if (made) {
        require(ends_with(cgroup_of(child, child), name), "the child is in %s", cgroup_of(child, child));
        require(!ends_with(cgroup_of(child, thread), name), "its thread is in %s", cgroup_of(child, thread));
        require(!ends_with(cgroup_of(getpid(), getpid()), name), "the parent is in %s", cgroup_of(getpid(), getpid()));
        char path[700];
        snprintf(path, sizeof path, "%s/pids.max", place);
        read_whole(path, limit, sizeof limit);
        require(strncmp(limit, "77\n", 3) == 0, "the limit is %s", limit);
    }
    must(kill(child, SIGKILL));
    must(waitpid(child, NULL, 0));
    if (made)
        wait_until(rmdir(place) == 0, "%s cannot be removed", place);
    return pass();
}
