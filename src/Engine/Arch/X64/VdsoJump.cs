using System.Buffers.Binary;

namespace Checkpointer.Engine.Arch.X64;

/// <summary>Machine code that leads from a function of an old vDSO to the one of a new. It changes rax alone, in which no function of the vDSO gets an argument.</summary>
internal static class VdsoJump
{
    /// <summary>Bytes of it.</summary>
    public const int Bytes = 12;

    /// <summary>The code.</summary>
    public static byte[] To(ulong target)
    {
        byte[] code =
        [
            0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, // movabs rax, target
            0xff, 0xe0,                         // jmp rax
        ];
        BinaryPrimitives.WriteUInt64LittleEndian(code.AsSpan(2), target);
        return code;
    }
}
