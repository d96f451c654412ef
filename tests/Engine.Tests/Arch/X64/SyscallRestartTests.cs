using Checkpointer.Engine.Arch.X64;
using Xunit;

namespace Checkpointer.Engine.Tests.Arch.X64;

/// <summary>What a restored thread does about the system call that the freeze interrupted.</summary>
[Trait("kind", "unit")]
public sealed class SyscallRestartTests
{
    private const long RestartBlock = -516;
    private const long Interrupted = -4; // EINTR
    private const ulong Pointer = 0x7ffe1000;
    private const ulong Forever = ulong.MaxValue; // -1

    private static readonly byte[] _movEax = [0x90, 0x90, 0xb8, 0x23, 0x00, 0x00, 0x00]; // mov eax, 35
    private static readonly byte[] _movRax = [0x48, 0xc7, 0xc0, 0xe6, 0x00, 0x00, 0x00]; // mov rax, 230
    private static readonly byte[] _other = [0x90, 0x90, 0x90, 0x90, 0x90, 0x89, 0xf8]; // mov eax, edi
    private static readonly byte[] _syscall = [0x0f, 0x05];
    private static readonly byte[] _absurd = [0x90, 0x90, 0xb8, 0x00, 0x00, 0x01, 0x00]; // mov eax, 65536

    [Theory]
    [InlineData(-512)]
    [InlineData(-513)]
    [InlineData(-514)]
    public void SelfContained_OfARestartableCall_MakesItAgain(long result)
    {
        var image = SyscallRestart.SelfContained(Registers.Interrupted(0, result, 3, Pointer, 512), _other, "pipe_read", out var endsEarly);

        Assert.False(endsEarly);
        Assert.Equal((0ul, Registers.CodeAddress - 2, Registers.NoCall), (image.Raw.rax, image.Raw.rip, image.Raw.orig_rax));
        Assert.Equal((3ul, Pointer, 512ul), (image.Argument1, image.Argument2, image.Argument3));
    }

    [Theory]
    [InlineData(-515)] // ENOIOCTLCMD, the one number between them that is no restart
    [InlineData(-511)]
    [InlineData(-4)]
    [InlineData(17)]
    public void SelfContained_OfAnEndedCall_KeepsItsResult(long result)
    {
        var image = SyscallRestart.SelfContained(Registers.Interrupted(0, result), _other, "", out var endsEarly);

        Assert.False(endsEarly);
        Assert.Equal((result, Registers.CodeAddress, Registers.NoCall), (image.Result, image.Raw.rip, image.Raw.orig_rax));
    }

    [Fact]
    public void SelfContained_OutsideOfACall_KeepsARegisterThatLooksLikeARestart()
    {
        var image = SyscallRestart.SelfContained(Registers.Interrupted(-1, -512), _other, "", out var endsEarly);

        Assert.False(endsEarly);
        Assert.Equal((-512L, Registers.CodeAddress), (image.Result, image.Raw.rip));
    }

    [Theory]
    [InlineData((int)Sys.Nanosleep, 0x1000ul, 0x2000ul, 0ul, 0ul, 0x2000ul, 0ul)] // the remainder becomes the time
    [InlineData((int)Sys.Nanosleep, 0x1000ul, 0ul, 0ul, 0ul, 0x1000ul, 0ul)]
    [InlineData((int)Sys.ClockNanosleep, 1ul, 0ul, 0x1000ul, 0x2000ul, 1ul, 0x2000ul)]
    [InlineData((int)Sys.ClockNanosleep, 1ul, 0ul, 0x1000ul, 0ul, 1ul, 0x1000ul)]
    [InlineData((int)Sys.Poll, 0x1000ul, 2ul, 500ul, 0x9999ul, 0x1000ul, 500ul)]
    [InlineData((int)Sys.Futex, 0x1000ul, 0ul, 7ul, 0x9999ul, 0x1000ul, 7ul)]
    public void SelfContained_OfARestartBlock_GoesOnWithWhatIsLeft(int number, ulong first, ulong second, ulong third, ulong fourth, ulong first2, ulong third2)
    {
        var image = SyscallRestart.SelfContained(Registers.Interrupted(number, RestartBlock, first, second, third, fourth), _other, "", out var endsEarly);

        Assert.False(endsEarly);
        Assert.Equal((number, Registers.CodeAddress - 2), (image.Result, image.Raw.rip));
        Assert.Equal((first2, second, third2, fourth), (image.Argument1, image.Argument2, image.Argument3, image.Argument4));
    }

    [Fact]
    public void SelfContained_OfRestartSyscall_ReadsTheNumberBeforeTheInstruction()
    {
        Assert.Equal((Sys.Nanosleep, false), Restarted(_movEax, "", Pointer));
        Assert.Equal((Sys.ClockNanosleep, false), Restarted(_movRax, "", 1));
    }

    [Fact]
    public void SelfContained_OfRestartSyscall_TakesTheRemainderOfTheSleepThatItStandsFor()
    {
        var frozen = Registers.Interrupted((long)Sys.RestartSyscall, RestartBlock, 0x11000, 0x22000);

        var image = SyscallRestart.SelfContained(frozen, _movEax, "", out _);

        Assert.Equal(0x22000ul, image.Argument1);
    }

    [Theory]
    [InlineData("futex_wait_queue", Pointer, (int)Sys.Futex)]
    [InlineData("poll_schedule_timeout.constprop.0", Pointer, (int)Sys.Poll)]
    [InlineData("do_poll", Pointer, (int)Sys.Poll)]
    [InlineData("hrtimer_nanosleep", Pointer, (int)Sys.Nanosleep)]
    [InlineData("do_nanosleep", 1ul, (int)Sys.ClockNanosleep)]
    public void SelfContained_OfRestartSyscallWithUnreadableNumber_TellsItFromTheWaitChannel(string channel, ulong first, int expected)
    {
        Assert.Equal(((Sys)expected, false), Restarted(_other, channel, first));
        Assert.Equal(((Sys)expected, false), Restarted(_absurd, channel, first));
        Assert.Equal(((Sys)expected, false), Restarted([], channel, first));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("pipe_read")]
    public void SelfContained_OfRestartSyscallThatNothingTells_EndsIt(string channel)
    {
        var image = SyscallRestart.SelfContained(Registers.Interrupted((long)Sys.RestartSyscall, RestartBlock), _other, channel, out var endsEarly);

        Assert.True(endsEarly);
        Assert.Equal((Interrupted, Registers.CodeAddress, Registers.NoCall), (image.Result, image.Raw.rip, image.Raw.orig_rax));
    }

    [Theory]
    [InlineData((int)Sys.ClockNanosleep, (int)Sys.ClockNanosleep)] // put back just now: the kernel's copy of the number is still there
    [InlineData((int)Sys.RestartSyscall, (int)Sys.Nanosleep)] // interrupted for the second time
    [InlineData(-1, (int)Sys.Nanosleep)] // was in its own code since
    public void SelfContained_OfAThreadAboutToRestart_MakesTheCallItselfAgain(long known, int expected)
    {
        var frozen = AboutToRestart(known);

        var image = SyscallRestart.SelfContained(SyscallRestart.BackInCall(frozen, _syscall), _movEax, "0", out var endsEarly);

        Assert.False(endsEarly);
        Assert.Equal(((ulong)expected, frozen.Raw.rip, Registers.NoCall), (image.Raw.rax, image.Raw.rip, image.Raw.orig_rax));
    }

    [Fact]
    public void BackInCall_WhereNoCallIsMade_ChangesNothing()
    {
        var computing = AboutToRestart(-1);
        var calling = Registers.Interrupted(-1, (long)Sys.Nanosleep);

        Assert.Equal(computing, SyscallRestart.BackInCall(computing, [0x0f, 0x0b]));
        Assert.Equal(computing, SyscallRestart.BackInCall(computing, []));
        Assert.Equal(calling, SyscallRestart.BackInCall(calling, _syscall));
    }

    // Arguments 3, 4 and 5; a call that is made again stands two bytes before where it stopped.
    [Theory]
    [InlineData((int)Sys.EpollWait, 8ul, Forever, 0ul, true)]
    [InlineData((int)Sys.EpollWait, 8ul, 0xfffffffful, 0ul, true)] // an int: the upper half is not looked at
    [InlineData((int)Sys.EpollWait, 8ul, 1000ul, 0ul, false)]
    [InlineData((int)Sys.EpollPwait, 8ul, Forever, 0ul, true)]
    [InlineData((int)Sys.EpollPwait, 8ul, 0ul, 0ul, false)]
    [InlineData((int)Sys.EpollPwait2, 8ul, 0ul, 0ul, true)]
    [InlineData((int)Sys.EpollPwait2, 8ul, Pointer, 0ul, false)]
    [InlineData((int)Sys.RtSigtimedwait, 0ul, 8ul, 0ul, true)]
    [InlineData((int)Sys.RtSigtimedwait, Pointer, 8ul, 0ul, false)]
    [InlineData((int)Sys.Semop, 1ul, Pointer, 0ul, true)]
    [InlineData((int)Sys.Semtimedop, 1ul, 0ul, 0ul, true)]
    [InlineData((int)Sys.Semtimedop, 1ul, Pointer, 0ul, false)]
    [InlineData((int)Sys.IoGetevents, 1ul, Pointer, 0ul, true)]
    [InlineData((int)Sys.IoGetevents, 1ul, Pointer, Pointer, false)]
    [InlineData((int)Sys.Nanosleep, 0ul, 0ul, 0ul, false)]
    public void WithoutInterruption_OfACallThatEndedWithEintr_RepeatsOnlyEndlessWaits(int number, ulong third, ulong fourth, ulong fifth, bool repeats)
    {
        var frozen = Registers.Interrupted(number, Interrupted, Pointer, 1, third, fourth, fifth);

        var home = SyscallRestart.WithoutInterruption(frozen);

        Assert.Equal(repeats ? (number, Registers.CodeAddress - 2) : (Interrupted, Registers.CodeAddress), (home.Result, home.Raw.rip));
    }

    [Theory]
    [InlineData((int)Sys.EpollWait, 3)]
    [InlineData((int)Sys.EpollWait, -512)]
    [InlineData(-1, -4)] // computing, with -4 in the register
    public void WithoutInterruption_OfAnythingElse_ChangesNothing(int number, long result)
    {
        var frozen = Registers.Interrupted(number, result, 5, Pointer, 8, Forever);

        Assert.Equal(frozen, SyscallRestart.WithoutInterruption(frozen));
    }

    private static RegisterSet AboutToRestart(long known) => Registers.Interrupted(known, (long)Sys.RestartSyscall, 0x11000);

    private static (Sys Number, bool EndsEarly) Restarted(byte[] code, string channel, ulong first)
    {
        var image = SyscallRestart.SelfContained(Registers.Interrupted((long)Sys.RestartSyscall, RestartBlock, first), code, channel, out var endsEarly);
        Assert.Equal(Registers.CodeAddress - 2, image.Raw.rip);
        return ((Sys)image.Result, endsEarly);
    }
}
