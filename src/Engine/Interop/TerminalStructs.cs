using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Checkpointer.Engine.Interop;

/// <summary>struct termios2, asm-generic/termbits.h; 44 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct termios2
{
    internal uint c_iflag;
    internal uint c_oflag;
    internal uint c_cflag;
    internal uint c_lflag;
    internal byte c_line;
    internal characters c_cc;
    internal uint c_ispeed;
    internal uint c_ospeed;

    /// <summary>cc_t c_cc[NCCS].</summary>
    [InlineArray(TerminalSetting.NCCS)]
    internal struct characters
    {
        private byte _first;
    }
}

/// <summary>struct winsize, asm-generic/termios.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct winsize
{
    internal ushort ws_row;
    internal ushort ws_col;
    internal ushort ws_xpixel;
    internal ushort ws_ypixel;
}
