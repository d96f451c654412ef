using System.Diagnostics;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>
/// What was written to either end of a pseudoterminal and not read at the other. Nothing shows it but reading, so it is taken out and put back. What is put back has been
/// through the line discipline already, which therefore is told to change nothing, to answer nothing and to send no signals meanwhile.
/// </summary>
/// <param name="master">The master.</param>
/// <param name="slave">A file of ours of the slave, not blocking.</param>
/// <param name="settings">The settings of the terminal.</param>
internal sealed class TerminalQueues(SafeFd master, SafeFd slave, termios2 settings)
{
    private const int BufferBytes = 1 << 14; // more than a line (4096) and than a queue of a pseudoterminal
    private const byte EndCharacter = 4; // any: it stands for itself only while it is typed
    private const byte StopCharacter = 19;
    private const uint PollMicroseconds = 50;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);

    /// <summary>True where what is typed goes to the reader line by line.</summary>
    private bool IsInLines => (settings.c_lflag & (TerminalSetting.ICANON | TerminalSetting.EXTPROC)) == TerminalSetting.ICANON;

    /// <summary>Takes everything out. Precondition: nobody reads or writes; the master is not in packet mode.</summary>
    public void Take(Terminal image)
    {
        // The input first: reading it makes room, and what then comes into the line may be echoed to the output.
        TakeInput(image);
        var output = new List<byte>();
        TakeOutput(output);
        image.Stop = Start();
        TakeOutput(output);
        image.Output = ByteString.CopyFrom([.. output]);
    }

    /// <summary>Puts everything back, and the settings.</summary>
    /// <exception cref="EngineException">The terminal did not take it all.</exception>
    public void Put(Terminal image)
    {
        TerminalCalls.Set(slave, Still());
        foreach (var input in image.Input)
        {
            PutInput(input);
        }

        PutOutput(image.Output.Span);
        Halt(image.Stop);
        TerminalCalls.Set(slave, settings);
    }

    private void TakeInput(Terminal image)
    {
        var buffer = new byte[BufferBytes];
        while (TerminalCalls.TryRead(slave, buffer) is { } read)
        {
            var data = buffer.AsSpan(0, read);
            image.Input.Add(new TerminalInput { Data = ByteString.CopyFrom(data), IsEnded = IsInLines && (read == 0 || !EndsLine(data[^1])) });
        }

        if (!IsInLines)
        {
            return;
        }

        // A line that is not complete can only be read where there are no lines.
        var still = Still();
        still.c_lflag = 0;
        TerminalCalls.Set(slave, still);
        if (TerminalCalls.TryRead(slave, buffer) is > 0 and var rest)
        {
            image.Input.Add(new TerminalInput { Data = ByteString.CopyFrom(buffer, 0, rest) });
        }
    }

    private bool EndsLine(byte last) => last == '\n' || (last != 0 && (last == settings.c_cc[TerminalSetting.VEOL] || last == settings.c_cc[TerminalSetting.VEOL2]));

    private void TakeOutput(List<byte> output)
    {
        var buffer = new byte[BufferBytes];
        while ((SocketCalls.Poll(master, SocketNumber.POLLIN) & SocketNumber.POLLIN) != 0 && TerminalCalls.TryRead(master, buffer) is > 0 and var read)
        {
            output.AddRange(buffer.AsSpan(0, read));
        }
    }

    /// <summary>Lets the output go where it is held back, and tells by what it was.</summary>
    private Terminal.Types.Stop Start()
    {
        if (CanWrite())
        {
            return Terminal.Types.Stop.Running;
        }

        _ = TerminalCalls.Do(slave, TerminalRequest.TCXONC, TerminalSetting.TCOON);
        if (CanWrite())
        {
            return Terminal.Types.Stop.ByCall;
        }

        var still = Still();
        still.c_iflag = 0;
        TerminalCalls.Set(slave, still);
        return CanWrite() ? Terminal.Types.Stop.ByKey : throw new EngineException(EngineFailure.Failed, "The output of a terminal is held back for a reason that is not known.");
    }

    private bool CanWrite() => (SocketCalls.Poll(slave, SocketNumber.POLLOUT) & SocketNumber.POLLOUT) != 0;

    private void Halt(Terminal.Types.Stop stop)
    {
        switch (stop)
        {
            case Terminal.Types.Stop.ByCall:
                _ = TerminalCalls.Do(slave, TerminalRequest.TCXONC, TerminalSetting.TCOOFF);
                break;
            case Terminal.Types.Stop.ByKey:
                var keyed = Still();
                keyed.c_iflag = TerminalSetting.IXON;
                keyed.c_cc[TerminalSetting.VSTOP] = StopCharacter;
                TerminalCalls.Set(slave, keyed);
                _ = TerminalCalls.TryType(slave, StopCharacter);
                break;
            default:
                break;
        }
    }

    private void PutInput(TerminalInput input)
    {
        var data = input.Data.Span;
        for (var i = 0; i < data.Length; i++)
        {
            if (!TerminalCalls.TryType(slave, data[i]))
            {
                // Where typing is not allowed, the longer way, which ends no line in the middle.
                WriteAll(master, data[i..]);
                return;
            }
        }

        if (input.IsEnded)
        {
            var ending = Still();
            ending.c_cc[TerminalSetting.VEOF] = EndCharacter;
            TerminalCalls.Set(slave, ending);
            _ = TerminalCalls.TryType(slave, EndCharacter);
            TerminalCalls.Set(slave, Still());
        }
    }

    private void PutOutput(ReadOnlySpan<byte> output) => WriteAll(slave, output);

    private static void WriteAll(SafeFd end, ReadOnlySpan<byte> bytes)
    {
        for (var start = Stopwatch.GetTimestamp(); !bytes.IsEmpty;)
        {
            bytes = bytes[TerminalCalls.Write(end, bytes)..];
            if (!bytes.IsEmpty && Stopwatch.GetElapsedTime(start) > _patience)
            {
                throw new EngineException(EngineFailure.Failed, $"A terminal did not take back the last {bytes.Length} bytes that were in it.");
            }

            // What was written is moved on by a thread of the kernel.
            _ = bytes.IsEmpty ? 0 : Libc.usleep(PollMicroseconds);
        }
    }

    /// <summary>Settings under which everything passes as it is. Flow control stays, or its end would let go what is held back; its characters are off.</summary>
    private termios2 Still()
    {
        var still = settings;
        still.c_iflag &= TerminalSetting.IXON;
        still.c_oflag = 0;
        still.c_lflag &= TerminalSetting.ICANON | TerminalSetting.EXTPROC;
        still.c_cc = default;
        still.c_cc[TerminalSetting.VMIN] = 1;
        still.c_cc[TerminalSetting.VEOL] = settings.c_cc[TerminalSetting.VEOL];
        still.c_cc[TerminalSetting.VEOL2] = settings.c_cc[TerminalSetting.VEOL2];
        return still;
    }
}
