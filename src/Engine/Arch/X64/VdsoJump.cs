using System.Buffers.Binary;

namespace Checkpointer.Engine.Arch.X64;

/// <summary>Machine code that stands at the beginning of a function of an old vDSO.</summary>
internal static class VdsoJump
{
    private const string Random = "__vdso_getrandom";

    private static readonly Dictionary<string, Sys> _calls = new()
    {
        ["__vdso_clock_gettime"] = Sys.ClockGettime,
        ["__vdso_clock_getres"] = Sys.ClockGetres,
        ["__vdso_gettimeofday"] = Sys.Gettimeofday,
        ["__vdso_time"] = Sys.Time,
        ["__vdso_getcpu"] = Sys.Getcpu,
        [Random] = Sys.Getrandom,
    };

    /// <summary>Leads to the function of a new vDSO. It changes rax alone, in which no function of the vDSO gets an argument.</summary>
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

    /// <summary>Makes the system call that does the same, with the same arguments; null for a function that has none (vdso(7)).</summary>
    public static byte[]? ToCall(string function)
    {
        if (!_calls.TryGetValue(function, out var number))
        {
            return null;
        }

        byte[] code =
        [
            0xb8, 0, 0, 0, 0, // mov eax, number
            0x0f, 0x05,       // syscall
            0xc3,             // ret
        ];
        BinaryPrimitives.WriteUInt32LittleEndian(code.AsSpan(1), (uint)number);

        // With a length of ~0 it is asked how much memory it wants for its state: none, it is not there.
        return function != Random ? code :
        [
            0x49, 0x83, 0xf8, 0xff,                   // cmp r8, -1
            0x75, 0x08,                               // jne over the next two
            0x48, 0xc7, 0xc0, 0xda, 0xff, 0xff, 0xff, // mov rax, -ENOSYS
            0xc3,                                     // ret
            .. code,
        ];
    }
}
