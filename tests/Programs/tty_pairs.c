/*
 * Pseudoterminals of one process: flags and sharing of descriptors, settings, speed, window, modes of masters and slaves, owner and mode of
 * the node, slaves that are closed, hung up or were never opened, masters that are not unlocked. Consoles by nodes of our own.
 */
#include "terminals.h"

static void check_settings(struct pty tuned, struct termios2 wanted, struct winsize window, struct stat node)
{
    struct winsize size;
    struct stat now;
    struct termios2 got = settings_of(tuned.slave);
    require(memcmp(&got, &wanted, sizeof got) == 0, "settings differ: speed %u, flags %x %x %x %x", got.c_ospeed, got.c_iflag, got.c_oflag, got.c_cflag, got.c_lflag);
    must(ioctl(tuned.master, TIOCGWINSZ, &size));
    require(memcmp(&size, &window, sizeof size) == 0, "window of %d x %d", size.ws_row, size.ws_col);
    must(fstat(tuned.slave, &now));
    require(now.st_mode == node.st_mode && now.st_uid == node.st_uid && now.st_gid == node.st_gid && now.st_rdev == node.st_rdev, "mode %o, owner %u:%u", now.st_mode, now.st_uid, now.st_gid);
    must(stat(slave_path(tuned.number), &now));
    require(now.st_rdev == node.st_rdev, "%s is another device", slave_path(tuned.number));
}

static int number_of(int master)
{
    int number;
    must(ioctl(master, TIOCGPTN, &number));
    return number;
}

static int flag_of(int fd, unsigned long request)
{
    int flag = -1;
    must(ioctl(fd, request, &flag));
    return flag;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    char byte;
    int on = 1;

    /* Numbers with holes between them. */
    struct pty spare[4];
    for (int i = 0; i < 4; i++)
        spare[i] = new_pty(0, 1);

    struct pty tuned = new_pty(O_NONBLOCK | O_CLOEXEC, 1);
    struct termios2 wanted = settings_of(tuned.slave);
    wanted.c_cflag = (wanted.c_cflag & ~(unsigned)CBAUD) | BOTHER | HUPCL;
    wanted.c_ospeed = 31250;
    wanted.c_lflag = ICANON | ISIG | NOFLSH | IEXTEN | ECHOCTL;
    wanted.c_iflag = ICRNL | IUTF8 | IXANY | IXON;
    wanted.c_oflag = OPOST;
    wanted.c_cc[VINTR] = 7;
    wanted.c_cc[VEOL2] = ';';
    set(tuned.slave, wanted);
    wanted = settings_of(tuned.slave);
    struct winsize window = {33, 101, 5, 6};
    must(ioctl(tuned.slave, TIOCSWINSZ, &window));
    must(fchown(tuned.slave, 65534, 5));
    must(fchmod(tuned.slave, 0612));
    struct stat node;
    must(fstat(tuned.slave, &node));
    int second = must(open(slave_path(tuned.number), O_RDONLY | O_NOCTTY | O_NONBLOCK)), third = must(dup2(second, 101));
    int high = must(dup2(tuned.master, 100));

    struct pty packets = new_pty(0, 1), exclusive = new_pty(0, 1), hung = new_pty(0, 1), closed = new_pty(0, 1), fresh = new_pty(0, 0);
    must(ioctl(packets.master, TIOCPKT, &on));
    must(ioctl(exclusive.slave, TIOCEXCL));
    must(ioctl(exclusive.master, TIOCEXCL));
    int hung_writer = must(open(slave_path(hung.number), O_WRONLY | O_NOCTTY));
    must(close(hung.master));
    must(close(closed.slave));
    int locked = must(open("/dev/pts/ptmx", O_RDWR | O_NOCTTY)), locked_number = number_of(locked);

    /* Not on every machine. */
    dev_t devices[2] = {makedev(5, 1), makedev(4, 5)};
    int consoles[2];
    for (int i = 0; i < 2; i++) {
        const char *path = scratch_path(i ? "terminal" : "console");
        must(mknod(path, S_IFCHR | 0600, devices[i]));
        consoles[i] = open(path, O_RDONLY | O_NOCTTY);
    }

    /* A slave that was hung up and opened again, its master open all the time. */
    struct pty revived = new_pty(0, 1);
    int dead = revived.slave;
    must(ioctl(dead, TIOCVHANGUP));
    revived.slave = must(open(slave_path(revived.number), O_RDWR | O_NOCTTY));
    for (int i = 0; i < 4; i += 2) {
        must(close(spare[i].slave));
        must(close(spare[i].master));
    }
    ready_and_wait();

    require(number_of(tuned.master) == tuned.number && number_of(high) == tuned.number && number_of(locked) == locked_number, "other numbers");
    check_settings(tuned, wanted, window, node);
    require(must(fcntl(tuned.master, F_GETFD)) == FD_CLOEXEC && must(fcntl(high, F_GETFD)) == 0 && must(fcntl(high, F_GETFL)) & O_NONBLOCK, "flags of the master");
    require((must(fcntl(second, F_GETFL)) & (O_ACCMODE | O_NONBLOCK)) == (O_RDONLY | O_NONBLOCK) && !(must(fcntl(tuned.slave, F_GETFL)) & O_NONBLOCK), "flags of slaves");
    must(fcntl(third, F_SETFL, 0));
    require(!(must(fcntl(second, F_GETFL)) & O_NONBLOCK), "the second slave and its duplicate are two files");
    put(high, "ping\n");
    expect_read(second, "ping\n", "the second slave");
    put(high, "x;y;");
    expect_read(tuned.slave, "x;", "the first slave");
    expect_read(third, "y;", "the duplicate");
    put(tuned.slave, "pong");
    expect_all(tuned.master, "pong", "the master");

    require(flag_of(packets.master, TIOCGPKT) == 1 && flag_of(tuned.master, TIOCGPKT) == 0, "packet mode");
    put(packets.slave, "text");
    wait_until(events(packets.master, POLLIN) & POLLIN, "no packet");
    require(must(read(packets.master, &byte, 1)) == 1 && byte == 0, "a packet begins with %x", byte);
    require(flag_of(exclusive.slave, TIOCGEXCL) == 1 && flag_of(exclusive.master, TIOCGEXCL) == 1 && flag_of(tuned.slave, TIOCGEXCL) == 0, "exclusive mode");
    require(flag_of(locked, TIOCGPTLCK) == 1 && flag_of(tuned.master, TIOCGPTLCK) == 0, "the lock");
    require(open(slave_path(locked_number), O_RDWR | O_NOCTTY) == -1 && errno == EIO, "a locked slave can be opened");

    struct termios2 none;
    require(read(hung.slave, &byte, 1) == 0, "a slave that is hung up has something to read");
    require(write(hung_writer, "x", 1) == -1 && errno == EIO && ioctl(hung.slave, TCGETS2, &none) == -1 && errno == EIO, "a slave that is hung up: %s", strerror(errno));
    require(must(fstat(hung.slave, &node)) == 0 && major(node.st_rdev) == 136 && minor(node.st_rdev) == (unsigned)hung.number, "a slave that is hung up is device %u", minor(node.st_rdev));
    require(write(dead, "x", 1) == -1 && errno == EIO, "a slave hung up by vhangup takes data");
    make_raw(revived.slave);
    put(revived.slave, "again");
    expect_all(revived.master, "again", "the master of the one opened again");

    require(events(closed.master, POLLIN) & POLLHUP && read(closed.master, &byte, 1) == -1 && errno == EIO, "a master without slave: %s", strerror(errno));
    closed.slave = must(open(slave_path(closed.number), O_RDWR | O_NOCTTY));
    make_raw(closed.slave);
    put(closed.slave, "back");
    expect_all(closed.master, "back", "the master whose slave was closed");
    require(!(events(fresh.master, POLLIN) & POLLHUP), "a slave that was never opened is closed");
    fresh.slave = must(open(slave_path(fresh.number), O_RDWR | O_NOCTTY));
    put(fresh.master, "line\n");
    expect_read(fresh.slave, "line\n", "the slave that was never opened");
    for (int i = 0; i < 2; i++)
        require(consoles[i] == -1 || (must(fstat(consoles[i], &node)) == 0 && S_ISCHR(node.st_mode) && node.st_rdev == devices[i]), "console %d is device %lx", i, node.st_rdev);
    for (int i = 1; i < 4; i += 2) {
        require(number_of(spare[i].master) == spare[i].number, "spare %d has number %d", i, number_of(spare[i].master));
        put(spare[i].master, "spare\n");
        expect_read(spare[i].slave, "spare\n", "a spare slave");
    }
    return pass();
}
