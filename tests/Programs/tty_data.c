/*
 * What is in pseudoterminals: lines, lines ended by end-of-file, a line that is not complete, bytes without lines, echo, output that nobody
 * has read, of a slave that is closed, too, and output that is held back by ^S or tcflow. Dumps while it goes on must not change it.
 */
#include "terminals.h"

enum { Many = 3000 };

static void echo_off(int fd)
{
    struct termios2 settings = settings_of(fd);
    settings.c_lflag &= ~(unsigned)ECHO;
    set(fd, settings);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    char text[Many];
    int on = 1;

    struct pty lines = new_pty(0, 1);
    put(lines.master, "one\ntwo\n");
    put(lines.master, "three\x04\x04" "half");
    expect_all(lines.master, "one\r\n", "the echo");

    struct pty raw = new_pty(0, 1);
    make_raw(raw.slave);
    put(raw.master, "raw\r\n\x03\x04\x11\x13\x7f");
    put(raw.slave, "to\nthe\rmaster\x13");

    struct pty gone = new_pty(0, 1);
    put(gone.slave, "last words\n");
    must(close(gone.slave));

    struct pty keyed = new_pty(0, 1), called = new_pty(0, 1);
    put(keyed.slave, "before ");
    put(keyed.master, "\x13");
    must(ioctl(called.slave, TCXONC, TCOOFF));
    wait_until(!(events(keyed.slave, POLLOUT) & POLLOUT), "^S does not stop the output");

    struct pty packets = new_pty(0, 1);
    must(ioctl(packets.master, TIOCPKT, &on));
    put(packets.slave, "packet");

    struct pty full = new_pty(0, 1);
    echo_off(full.slave);
    make_raw(full.slave);
    for (int i = 0; i < Many; i++)
        text[i] = (char)mix((uint64_t)i);
    require(must(write(full.master, text, Many)) == Many && must(write(full.slave, text, Many)) == Many, "a pseudoterminal takes less than %d bytes", Many);
    ready_and_wait();

    expect_read(lines.slave, "one\n", "the first line");
    expect_read(lines.slave, "two\n", "the second line");
    expect_read(lines.slave, "three", "the line ended by end-of-file");
    require(events(lines.slave, POLLIN) & POLLIN && read(lines.slave, text, sizeof text) == 0, "the end of file is lost");
    expect_nothing(lines.slave, "the incomplete line");
    put(lines.master, "\x7f" "ved\n");
    expect_read(lines.slave, "halved\n", "the completed line");
    expect_all(lines.master, "two\r\nthreehalf\b \bved\r\n", "the echo");

    expect_all(raw.slave, "raw\r\n\x03\x04\x11\x13\x7f", "the slave without lines");
    expect_all(raw.master, "to\nthe\rmaster\x13", "the master");
    expect_nothing(raw.master, "the master");
    expect_all(gone.master, "last words\r\n", "the master of the closed slave");
    require(read(gone.master, text, 1) == -1 && errno == EIO, "the closed slave is open");

    require(!(events(keyed.slave, POLLOUT) & POLLOUT) && !(events(called.slave, POLLOUT) & POLLOUT), "output is not held back any more");
    put(keyed.master, "\x11");
    must(ioctl(called.slave, TCXONC, TCOON));
    wait_until(events(keyed.slave, POLLOUT) & events(called.slave, POLLOUT) & POLLOUT, "output stays held back");
    put(keyed.slave, "after");
    expect_all(keyed.master, "before after", "the master of what was held back");
    put(called.slave, "more");
    expect_all(called.master, "more", "the master of what was held back by a call");

    char packet[16] = {0};
    wait_until(events(packets.master, POLLIN) & POLLIN, "the packet is lost");
    require(must(read(packets.master, packet, sizeof packet - 1)) == 7 && packet[0] == 0 && strcmp(packet + 1, "packet") == 0, "the packet is %x \"%s\"", packet[0], packet + 1);

    for (int end = 0; end < 2; end++)
        for (int i = 0, fd = end ? full.master : full.slave; i < Many;) {
            wait_until(events(fd, POLLIN) & POLLIN, "only %d bytes", i);
            ssize_t got = must(read(fd, text, sizeof text));
            for (int j = 0; j < got; j++, i++)
                require(text[j] == (char)mix((uint64_t)i), "byte %d of end %d differs", i, end);
        }
    return pass();
}
