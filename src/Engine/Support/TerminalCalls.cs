using System.Runtime.CompilerServices;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Support;

/// <summary>ioctl_tty(2) with values instead of pointers; failures are exceptions that name the call.</summary>
internal static unsafe class TerminalCalls
{
    private const int LockedBytes = 36; // struct termios of the kernel

    /// <summary>A number that the request gives; null where it is not for this file, or the terminal is hung up.</summary>
    public static int? TryNumber(SafeFd terminal, uint request)
    {
        var value = 0;
        return Libc.ioctl(terminal.Number, request, (nint)(&value)) < 0 ? null : value;
    }

    /// <summary>A flag that the request gives; false where the kernel does not know it.</summary>
    public static bool Flag(SafeFd terminal, uint request) => TryNumber(terminal, request) is { } value && value != 0;

    /// <summary>A request that takes a pointer to a number.</summary>
    public static void SetNumber(SafeFd terminal, uint request, int value) =>
        LinuxException.ThrowIfFailed(Libc.ioctl(terminal.Number, request, (nint)(&value)), $"ioctl(0x{request:x}, {value}) of a terminal");

    /// <summary>A request that takes a number, or nothing.</summary>
    public static int Do(SafeFd terminal, uint request, int argument = 0)
    {
        var result = Libc.ioctl(terminal.Number, request, argument);
        LinuxException.ThrowIfFailed(result, $"ioctl(0x{request:x}, {argument}) of a terminal");
        return result;
    }

    /// <summary>Settings; null where the terminal is hung up.</summary>
    public static termios2? TrySettings(SafeFd terminal)
    {
        termios2 settings;
        return Libc.ioctl(terminal.Number, TerminalRequest.TCGETS2, (nint)(&settings)) < 0 ? null : settings;
    }

    /// <summary>Sets them at once.</summary>
    public static void Set(SafeFd terminal, termios2 settings) =>
        LinuxException.ThrowIfFailed(Libc.ioctl(terminal.Number, TerminalRequest.TCSETS2, (nint)(&settings)), "ioctl(TCSETS2)");

    /// <summary>Settings that only the administrator may change; empty where the terminal is hung up.</summary>
    public static byte[] LockedSettings(SafeFd terminal)
    {
        var bytes = new byte[LockedBytes];
        fixed (byte* pointer = bytes)
        {
            return Libc.ioctl(terminal.Number, TerminalRequest.TIOCGLCKTRMIOS, (nint)pointer) < 0 ? [] : bytes;
        }
    }

    /// <summary>Sets them.</summary>
    public static void SetLocked(SafeFd terminal, ReadOnlySpan<byte> settings)
    {
        Invariant.Require(settings.Length == LockedBytes, "locked settings of a terminal have another length");
        fixed (byte* pointer = settings)
        {
            LinuxException.ThrowIfFailed(Libc.ioctl(terminal.Number, TerminalRequest.TIOCSLCKTRMIOS, (nint)pointer), "ioctl(TIOCSLCKTRMIOS)");
        }
    }

    /// <summary>Size of the window; zero where the terminal is hung up.</summary>
    public static winsize Window(SafeFd terminal)
    {
        winsize window = default;
        _ = Libc.ioctl(terminal.Number, TerminalRequest.TIOCGWINSZ, (nint)(&window));
        return window;
    }

    /// <summary>Sets it.</summary>
    public static void SetWindow(SafeFd terminal, winsize window) =>
        LinuxException.ThrowIfFailed(Libc.ioctl(terminal.Number, TerminalRequest.TIOCSWINSZ, (nint)(&window)), "ioctl(TIOCSWINSZ)");

    /// <summary>Puts a byte into the input of a slave, at once and as if it had been typed; false where that is not allowed.</summary>
    public static bool TryType(SafeFd slave, byte value) => Libc.ioctl(slave.Number, TerminalRequest.TIOCSTI, (nint)(&value)) == 0;

    /// <summary>Device number of a terminal, that of the slave for either end; null where it is hung up.</summary>
    public static ulong? TryDevice(SafeFd terminal) => TryNumber(terminal, TerminalRequest.TIOCGDEV) is { } device ? TerminalNames.Decode(device) : null;

    /// <summary>read(2); null where there is nothing to read, or an error.</summary>
    public static int? TryRead(SafeFd terminal, Span<byte> target)
    {
        fixed (byte* pointer = target)
        {
            var read = Libc.read(terminal.Number, pointer, (nuint)target.Length);
            return read < 0 ? null : (int)read;
        }
    }

    /// <summary>write(2); the number of bytes written, 0 where none can be written now.</summary>
    public static int Write(SafeFd terminal, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* pointer = bytes)
        {
            var written = Libc.write(terminal.Number, pointer, (nuint)bytes.Length);
            return written < 0 && LastError.Get() == Errno.EAGAIN ? 0 : written < 0 ? throw new LinuxException("write to a terminal", LastError.Get()) : (int)written;
        }
    }

    /// <summary>The bytes of a structure.</summary>
    public static byte[] BytesOf<T>(in T value)
        where T : unmanaged
    {
        var bytes = new byte[Unsafe.SizeOf<T>()];
        Unsafe.WriteUnaligned(ref bytes[0], value);
        return bytes;
    }
}
