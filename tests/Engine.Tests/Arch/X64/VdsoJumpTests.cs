using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Xunit;

namespace Checkpointer.Engine.Tests.Arch.X64;

/// <summary>The code itself is run: what a job calls under a kernel whose vDSO lacks a function answers as the system call does.</summary>
public sealed unsafe class VdsoJumpTests : IDisposable
{
    private const int PageBytes = 4096;
    private readonly nint _page = Libc.mmap64(
        0, PageBytes, Memory.PROT_READ | Memory.PROT_WRITE | Memory.PROT_EXEC, Memory.MAP_PRIVATE | Memory.MAP_ANONYMOUS, -1, 0);

    public void Dispose() => _ = Libc.munmap(_page, PageBytes);

    [Fact]
    public void Time_IsNow()
    {
        var now = Call("__vdso_time", 0, 0, 0, 0, 0);

        Assert.InRange(now - TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(), -2, 2);
    }

    [Fact]
    public void ClockGettime_IsTheClocks()
    {
        const int Monotonic = 1;
        var time = stackalloc long[2];

        Assert.Equal(0, Call("__vdso_clock_gettime", Monotonic, (nint)time, 0, 0, 0));

        Assert.InRange(time[0] - (Environment.TickCount64 / 1000), -2, 2);
    }

    [Fact]
    public void Getrandom_FillsTheBuffer_AndWantsNoState()
    {
        const int NotThere = -38; // ENOSYS
        var buffer = stackalloc ulong[8];
        var state = stackalloc ulong[8];

        Assert.Equal(64, Call("__vdso_getrandom", (nint)buffer, 64, 0, (nint)state, 64));
        Assert.Equal(NotThere, Call("__vdso_getrandom", 0, 0, 0, (nint)state, -1));

        Assert.Contains(new Span<ulong>(buffer, 8).ToArray(), word => word != 0);
        Assert.All(new Span<ulong>(state, 8).ToArray(), word => Assert.Equal(0ul, word));
    }

    [Fact]
    public void Jump_LeadsToTheTarget()
    {
        VdsoJump.ToCall("__vdso_time")!.CopyTo(new Span<byte>((void*)(_page + 64), 64));
        VdsoJump.To((ulong)_page + 64).CopyTo(new Span<byte>((void*)_page, 64));

        Assert.InRange(Run(0, 0, 0, 0, 0) - TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(), -2, 2);
    }

    [Fact]
    public void OfAFunctionWithoutACall_IsNone() => Assert.Null(VdsoJump.ToCall("__vdso_sgx_enter_enclave"));

    private long Call(string function, nint first, nint second, nint third, nint fourth, nint fifth)
    {
        VdsoJump.ToCall(function)!.CopyTo(new Span<byte>((void*)_page, PageBytes));
        return Run(first, second, third, fourth, fifth);
    }

    private long Run(nint first, nint second, nint third, nint fourth, nint fifth) =>
        ((delegate* unmanaged<nint, nint, nint, nint, nint, long>)_page)(first, second, third, fourth, fifth);
}
