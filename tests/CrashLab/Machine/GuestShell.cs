using System.Net.Sockets;
using System.Text;
using Checkpointer.CrashLab.Kit;

namespace Checkpointer.CrashLab.Machine;

/// <summary>What a command printed, standard error included, and its exit code.</summary>
internal sealed record GuestResult(string Command, int ExitCode, string Output)
{
    /// <summary>Fails unless the exit code is as wanted.</summary>
    public GuestResult Expect(int exitCode)
        => ExitCode == exitCode ? this : throw new LabException($"in the virtual machine, {Command}: exit code {ExitCode}, not {exitCode}:\n{Output}");
}

/// <summary>The shell on the second serial line of a virtual machine (Guest/lab-shell): one command after the other.</summary>
internal sealed class GuestShell(string path) : IDisposable
{
    private const string EndMark = "LAB-END ";
    private static readonly TimeSpan _timeLimit = TimeSpan.FromMinutes(5);

    private readonly Socket _line = Connect(path);

    /// <summary>Runs a command of one line to its end.</summary>
    /// <exception cref="LabException">It takes too long, or the machine is gone.</exception>
    public GuestResult Try(string command, TimeSpan? timeLimit = null)
    {
        try
        {
            _ = _line.Send(Encoding.UTF8.GetBytes(command + "\n"));
            return Receive(command, timeLimit ?? _timeLimit);
        }
        catch (SocketException failure)
        {
            throw new LabException($"in the virtual machine, {command}: {failure.Message}");
        }
    }

    /// <summary>Runs a command of one line that has to succeed, and returns what it printed.</summary>
    public string Run(string command, TimeSpan? timeLimit = null) => Try(command, timeLimit).Expect(0).Output;

    /// <summary>Sends a command that nothing is heard of any more, such as one that ends the machine.</summary>
    public void Send(string command) => _ = _line.Send(Encoding.UTF8.GetBytes(command + "\n"));

    /// <inheritdoc/>
    public void Dispose() => _line.Dispose();

    private static Socket Connect(string path)
    {
        var line = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        line.Connect(new UnixDomainSocketEndPoint(path));
        return line;
    }

    private GuestResult Receive(string command, TimeSpan timeLimit)
    {
        var received = new StringBuilder();
        var buffer = new byte[4096];
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var left = timeLimit - TimeProvider.System.GetElapsedTime(begun);
            _line.ReceiveTimeout = Math.Max(1, (int)left.TotalMilliseconds);
            var count = _line.Receive(buffer);
            if (count == 0)
            {
                throw new LabException($"the virtual machine ended in: {command}\n{received}");
            }

            received.Append(Encoding.UTF8.GetString(buffer, 0, count));
            var text = received.ToString();
            var end = text.LastIndexOf(EndMark, StringComparison.Ordinal);
            if (end >= 0 && text.EndsWith('\n') && (end == 0 || text[end - 1] == '\n'))
            {
                return new GuestResult(command, int.Parse(text[(end + EndMark.Length)..]), text[..end]);
            }
        }
    }
}
