namespace Checkpointer.Engine.Interop;

/// <summary>ioctl_tty(2) requests, asm-generic/ioctls.h.</summary>
internal static class TerminalRequest
{
    internal const uint TCXONC = 0x540a;
    internal const uint TIOCEXCL = 0x540c;
    internal const uint TIOCSCTTY = 0x540e;
    internal const uint TIOCGPGRP = 0x540f;
    internal const uint TIOCSPGRP = 0x5410;
    internal const uint TIOCSTI = 0x5412;
    internal const uint TIOCGWINSZ = 0x5413;
    internal const uint TIOCSWINSZ = 0x5414;
    internal const uint TIOCPKT = 0x5420;
    internal const uint TIOCNOTTY = 0x5422;
    internal const uint TIOCGSID = 0x5429;
    internal const uint TIOCVHANGUP = 0x5437;
    internal const uint TIOCGLCKTRMIOS = 0x5456;
    internal const uint TIOCSLCKTRMIOS = 0x5457;

    /// <summary>_IOR('T', 0x2A, struct termios2).</summary>
    internal const uint TCGETS2 = 0x802c542a;

    /// <summary>_IOW('T', 0x2B, struct termios2).</summary>
    internal const uint TCSETS2 = 0x402c542b;

    /// <summary>_IOR('T', 0x30, unsigned int): number of a pseudoterminal.</summary>
    internal const uint TIOCGPTN = 0x80045430;

    /// <summary>_IOW('T', 0x31, int).</summary>
    internal const uint TIOCSPTLCK = 0x40045431;

    /// <summary>_IOR('T', 0x32, unsigned int): device number.</summary>
    internal const uint TIOCGDEV = 0x80045432;

    /// <summary>_IOR('T', 0x38, int).</summary>
    internal const uint TIOCGPKT = 0x80045438;

    /// <summary>_IOR('T', 0x39, int).</summary>
    internal const uint TIOCGPTLCK = 0x80045439;

    /// <summary>_IOR('T', 0x40, int).</summary>
    internal const uint TIOCGEXCL = 0x80045440;

    /// <summary>_IO('T', 0x41).</summary>
    internal const uint TIOCGPTPEER = 0x5441;
}

/// <summary>Settings of terminals, termios(3), and places in termios2.c_cc.</summary>
internal static class TerminalSetting
{
    internal const uint IXON = 0x400;
    internal const uint ICANON = 2;
    internal const uint EXTPROC = 0x10000;
    internal const int TCOOFF = 0;
    internal const int TCOON = 1;
    internal const int VEOF = 4;
    internal const int VMIN = 6;
    internal const int VSTOP = 9;
    internal const int VEOL = 11;
    internal const int VEOL2 = 16;
    internal const int NCCS = 19;
}
