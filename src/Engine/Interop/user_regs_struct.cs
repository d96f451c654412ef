using System.Runtime.InteropServices;

namespace Checkpointer.Engine.Interop;

/// <summary>struct user_regs_struct of x86-64, NT_PRSTATUS, sys/user.h; 27 words.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct user_regs_struct
{
    internal ulong r15;
    internal ulong r14;
    internal ulong r13;
    internal ulong r12;
    internal ulong rbp;
    internal ulong rbx;
    internal ulong r11;
    internal ulong r10;
    internal ulong r9;
    internal ulong r8;
    internal ulong rax;
    internal ulong rcx;
    internal ulong rdx;
    internal ulong rsi;
    internal ulong rdi;
    internal ulong orig_rax;
    internal ulong rip;
    internal ulong cs;
    internal ulong eflags;
    internal ulong rsp;
    internal ulong ss;
    internal ulong fs_base;
    internal ulong gs_base;
    internal ulong ds;
    internal ulong es;
    internal ulong fs;
    internal ulong gs;
}
