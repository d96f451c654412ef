using System.Runtime.InteropServices;
using System.Text;
using Checkpointer.EndToEnd.Tests.Interop;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>An interactive bash in a terminal of its own, as a user has it: what is typed goes in, what is on the screen can be looked at.</summary>
internal sealed unsafe class TerminalShell : IDisposable
{
    private readonly StringBuilder _screen = new();
    private readonly int _master;

    /// <summary>Opens the terminal and starts the shell.</summary>
    public TerminalShell(string directory)
    {
        _master = Libc.open("/dev/ptmx", Libc.O_RDWR | Libc.O_NOCTTY | Libc.O_CLOEXEC, 0);
        int number = -1, unlocked = 0;
        var window = stackalloc ushort[4] { 24, 200, 0, 0 };
        if (_master < 0 || Libc.ioctl(_master, Libc.TIOCGPTN, &number) != 0 || Libc.ioctl(_master, Libc.TIOCSPTLCK, &unlocked) != 0
            || Libc.ioctl(_master, Libc.TIOCSWINSZ, window) != 0)
        {
            throw new InvalidOperationException($"no terminal: error {Marshal.GetLastPInvokeError()}");
        }

        Name = $"/dev/pts/{number}";
        Device = 0x8800 | (number & 0xff) | ((number & 0xfff00) << 12);
        var environment = TestJob.Inherited();
        environment["PS1"] = "$ ";
        environment["TERM"] = "dumb";
        environment["NO_COLOR"] = "1";
        Pid = Spawner.Spawn(new SpawnRequest("bash", ["--norc", "--noprofile", "--noediting", "-i"], environment, "", "", directory) { Terminal = Name });
        WaitFor("$ ");
    }

    /// <summary>Its path.</summary>
    public string Name { get; }

    /// <summary>Its number as field 7 of /proc/PID/stat has it.</summary>
    public int Device { get; }

    /// <summary>The shell, which leads the session.</summary>
    public int Pid { get; }

    /// <summary>Types a text, with control characters where it has them.</summary>
    public void Type(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* pointer = bytes)
        {
            if (Libc.write(_master, pointer, (nuint)bytes.Length) != bytes.Length)
            {
                throw new InvalidOperationException($"the terminal takes no more: error {Marshal.GetLastPInvokeError()}");
            }
        }
    }

    /// <summary>Waits for a text to appear after what was waited for before, and returns what came up to it.</summary>
    public string WaitFor(string text)
    {
        var at = -1;
        Wait.Until(
            () =>
            {
                Look();
                at = _screen.ToString().IndexOf(text, StringComparison.Ordinal);
                return at >= 0;
            },
            Wait.Patience,
            () => $"no \"{text}\" in {this}");
        var seen = _screen.ToString()[..(at + text.Length)];
        _screen.Remove(0, seen.Length);
        return seen;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ = Child.Signal(Pid, Libc.SIGKILL);
        _ = Child.Reap(Pid, Wait.Patience, ToString);
        _ = Libc.close(_master);
    }

    /// <inheritdoc/>
    public override string ToString() => $"the terminal {Name}, which shows \"{_screen}\"";

    private void Look()
    {
        var buffer = stackalloc byte[4096];
        var file = stackalloc int[2] { _master, Libc.POLLIN }; // struct pollfd: descriptor, events, results
        while (Libc.poll(file, 1, 0) > 0 && ((file[1] >> 16) & Libc.POLLIN) != 0 && Libc.read(_master, buffer, 4096) is > 0 and var read)
        {
            _screen.Append(Encoding.UTF8.GetString(buffer, (int)read));
            file[1] = Libc.POLLIN;
        }
    }
}
