/*
 * A fanotify group: marks on a file, on one with an ignore mask, on a mount and on a file system, as fdinfo shows them; events come.
 */
#include "program.h"
#include <sys/fanotify.h>

static int read_marks(int group, char *text)
{
    char path[64], *found;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", group);
    read_whole(path, text, 4096);
    require((found = strstr(text, "fanotify ")) != NULL, "no line of fanotify");
    memmove(text, found, strlen(found) + 1);
    int lines = 0;
    for (found = text; *found; found++)
        lines += *found == '\n';
    return lines;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    static char before[4096], after[4096];
    struct fanotify_event_metadata event;
    int group = must(fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK | FAN_UNLIMITED_QUEUE, O_RDONLY | O_CLOEXEC));
    int file = must(open(scratch_path("file"), O_RDWR | O_CREAT, 0600)), other = must(open(scratch_path("other"), O_RDWR | O_CREAT, 0600));
    must(fanotify_mark(group, FAN_MARK_ADD, FAN_MODIFY | FAN_CLOSE_WRITE, AT_FDCWD, scratch_path("file")));
    must(fanotify_mark(group, FAN_MARK_ADD, FAN_MODIFY, AT_FDCWD, scratch_path("other")));
    must(fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_IGNORED_MASK | FAN_MARK_IGNORED_SURV_MODIFY, FAN_MODIFY, AT_FDCWD, scratch_path("other")));
    must(fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_OPEN_EXEC, AT_FDCWD, "/dev/shm"));
    must(fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN_EXEC, AT_FDCWD, "/dev/shm"));
    require(read_marks(group, before) == 5, "marks: %s", before);
    ready_and_wait();

    require(read_marks(group, after) == 5 && strcmp(before, after) == 0, "marks were %sand are %s", before, after);
    require(read(group, &event, sizeof event) == -1 && errno == EAGAIN, "an event of something that we did not do");
    must(write(other, "x", 1));
    require(read(group, &event, sizeof event) == -1 && errno == EAGAIN, "an event that is ignored");
    must(write(file, "x", 1));
    must(read(group, &event, sizeof event));
    require(event.mask == FAN_MODIFY && event.fd >= 0, "event %llx", event.mask);
    struct stat told, meant;
    must(fstat(event.fd, &told));
    must(fstat(file, &meant));
    require(told.st_ino == meant.st_ino, "an event of another file");
    return pass();
}
