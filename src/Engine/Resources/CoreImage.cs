using System.Runtime.InteropServices;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>Registers to their image and back.</summary>
internal static class CoreImage
{
    /// <summary>The image of a thread's registers.</summary>
    public static CoreX64 From(RegisterSet registers, ReadOnlySpan<byte> extendedState)
    {
        var core = new CoreX64 { ExtendedState = ByteString.CopyFrom(extendedState) };
        core.General.AddRange(MemoryMarshal.Cast<user_regs_struct, ulong>(new ReadOnlySpan<user_regs_struct>(in registers.Raw)).ToArray());
        return core;
    }

    /// <summary>The registers of an image.</summary>
    public static RegisterSet Registers(CoreX64 core)
    {
        var words = MemoryMarshal.Cast<user_regs_struct, ulong>(new user_regs_struct[1]).Length;
        if (core.General.Count != words)
        {
            throw new EngineException(EngineFailure.BadImage, $"A thread image has {core.General.Count} registers and not {words}.");
        }

        return new RegisterSet { Raw = MemoryMarshal.Read<user_regs_struct>(MemoryMarshal.AsBytes<ulong>(core.General.ToArray())) };
    }
}
