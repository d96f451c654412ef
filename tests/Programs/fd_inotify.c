/*
 * inotify: watches with their descriptors and masks on a file and a directory; nothing is in the queue that the program did not do.
 */
#include "program.h"
#include <sys/inotify.h>

static int next_event(int fd, struct inotify_event *event)
{
    static char buffer[4096] __attribute__((aligned(8)));
    ssize_t got = read(fd, buffer, sizeof(struct inotify_event) + 256);
    if (got <= 0)
        return 0;
    memcpy(event, buffer, sizeof *event);
    return 1;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    struct inotify_event event;
    int fd = must(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)), file = must(open(scratch_path("watched"), O_RDWR | O_CREAT, 0600));
    must(mkdir(scratch_path("directory"), 0700));
    int unused = must(inotify_add_watch(fd, "/", IN_DELETE_SELF));
    int on_file = must(inotify_add_watch(fd, scratch_path("watched"), IN_MODIFY | IN_OPEN));
    int on_directory = must(inotify_add_watch(fd, scratch_path("directory"), IN_CREATE | IN_ONLYDIR));
    must(inotify_rm_watch(fd, unused));
    require(next_event(fd, &event) && event.mask & IN_IGNORED, "no event for the removed watch");
    ready_and_wait();

    require(!next_event(fd, &event), "there is an event %x that nobody made", event.mask);
    must(write(file, "x", 1));
    require(next_event(fd, &event) && event.wd == on_file && event.mask == IN_MODIFY, "a write gave %x of watch %d", event.mask, event.wd);
    char path[600];
    snprintf(path, sizeof path, "%s/new", scratch_path("directory"));
    close(must(open(path, O_RDWR | O_CREAT, 0600)));
    require(next_event(fd, &event) && event.wd == on_directory && event.mask == IN_CREATE, "a new file gave %x of watch %d", event.mask, event.wd);
    must(inotify_rm_watch(fd, on_file));
    require(next_event(fd, &event) && event.wd == on_file && event.mask & IN_IGNORED, "removing the watch gave %x", event.mask);
    unlink(path);
    rmdir(scratch_path("directory"));
    return pass();
}
