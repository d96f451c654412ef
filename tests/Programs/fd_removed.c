/*
 * Files whose names are gone: the working directory, open too; a directory in a removed one; a device node; a symbolic link; directory and files of
 * /proc about a process that has ended; an inotify instance that watches an open file and a directory of them.
 */
#include "program.h"
#include <sys/inotify.h>
#include <sys/sysmacros.h>

static struct stat of(int fd)
{
    struct stat found;
    must(fstat(fd, &found));
    return found;
}

static void expect_link(int fd, const char *wanted)
{
    char path[64], target[1024] = "";
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    must(readlink(path, target, sizeof target - 1));
    size_t length = strlen(wanted);
    require(strncmp(target, wanted, length) == 0 && strcmp(target + length, " (deleted)") == 0, "%s (deleted) is %s", wanted, target);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    char here[1024], inner[512], path[128], text[64], dead[64];
    snprintf(here, sizeof here, "%s", scratch_path("directory"));
    snprintf(inner, sizeof inner, "%.400s/inner", scratch_path("outer"));
    must(mkdir(here, 0700));
    must(chmod(here, 01750));
    must(chown(here, 12, 34));
    must(chdir(here));
    must(mkdir(scratch_path("outer"), 0700));
    must(mkdir(inner, 0711));
    int directory = must(open(here, O_RDONLY | O_DIRECTORY)), nested = must(open(inner, O_PATH | O_CLOEXEC));
    must(mknod(scratch_path("null"), S_IFCHR | 0640, makedev(1, 3)));
    int device = must(open(scratch_path("null"), O_RDWR));
    must(symlink("where it points", scratch_path("link")));
    int link = must(open(scratch_path("link"), O_PATH | O_NOFOLLOW));
    int file = must(open(scratch_path("file"), O_RDWR | O_CREAT, 0600)), watcher = must(inotify_init1(IN_NONBLOCK));
    pid_t child = must(fork());
    if (child == 0)
        for (;;)
            pause();
    snprintf(dead, sizeof dead, "/proc/%d", child);
    int process = must(open(dead, O_RDONLY | O_DIRECTORY));
    snprintf(path, sizeof path, "%s/stat", dead);
    int process_file = must(open(path, O_RDONLY));
    must(kill(child, SIGKILL));
    must(waitpid(child, NULL, 0));
    must(rmdir(inner));
    must(rmdir(scratch_path("outer")));
    must(rmdir(here));
    must(unlink(scratch_path("null")));
    must(unlink(scratch_path("link")));
    must(unlink(scratch_path("file")));
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    int file_watch = must(inotify_add_watch(watcher, path, IN_MODIFY));
    snprintf(path, sizeof path, "/proc/self/fd/%d", directory);
    int directory_watch = must(inotify_add_watch(watcher, path, IN_ATTRIB));
    ready_and_wait();

    struct stat found = of(directory), works;
    must(stat("/proc/self/cwd", &works));
    require(S_ISDIR(found.st_mode) && (found.st_mode & 07777) == 01750 && found.st_uid == 12 && found.st_gid == 34, "the directory: mode %o, owner %d:%d", found.st_mode, found.st_uid, found.st_gid);
    require(works.st_ino == found.st_ino && works.st_dev == found.st_dev, "the working directory is another one");
    require(open("file", O_RDWR | O_CREAT, 0600) == -1 && errno == ENOENT && access(here, F_OK) == -1, "the directory is there");
    expect_link(directory, here);
    expect_link(nested, inner);
    require((of(nested).st_mode & 0777) == 0711 && access(scratch_path("outer"), F_OK) == -1 && (must(fcntl(nested, F_GETFL)) & O_PATH), "the directory in a directory");
    require(S_ISCHR(of(device).st_mode) && of(device).st_rdev == makedev(1, 3) && (of(device).st_mode & 0777) == 0640 && write(device, "x", 1) == 1 && read(device, text, 1) == 0, "the device");
    expect_link(device, scratch_path("null"));
    memset(text, 0, sizeof text);
    must(readlinkat(link, "", text, sizeof text - 1));
    require(strcmp(text, "where it points") == 0, "the link points to %s", text);
    require(openat(process, "stat", O_RDONLY) == -1 && (errno == ESRCH || errno == ENOENT), "the process lives: %s", strerror(errno));
    require(read(process_file, text, sizeof text) == -1 && errno == ESRCH, "the process can be read: %s", strerror(errno));
    snprintf(path, sizeof path, "/proc/self/fd/%d", process);
    memset(text, 0, sizeof text);
    must(readlink(path, text, sizeof text - 1));
    require(strncmp(text, "/proc/", 6) == 0 && strcmp(text + strlen(text) - 10, " (deleted)") == 0, "the directory of the process is %s", text);

    char buffer[1024];
    struct inotify_event *event = (void *)buffer;
    require(read(watcher, buffer, sizeof buffer) == -1 && errno == EAGAIN, "an event of something that we did not do");
    must(write(file, "x", 1));
    must(read(watcher, buffer, sizeof buffer));
    require(event->wd == file_watch && event->mask == IN_MODIFY, "event %x of watch %d", event->mask, event->wd);
    must(fchmod(directory, 0700));
    must(read(watcher, buffer, sizeof buffer));
    require(event->wd == directory_watch && event->mask == (IN_ATTRIB | IN_ISDIR), "event %x of watch %d", event->mask, event->wd);
    must(chdir("/"));
    return pass();
}
