using System.Security.Cryptography;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Resources;

/// <summary>Reads the code of the vDSO that a kernel has given to a process, by which its SHA-256 recognises that kernel's.</summary>
internal static class VdsoCode
{
    /// <summary>SHA-256 of the code of a vDSO; empty where there is none.</summary>
    public static byte[] Of(byte[] code) => code.Length == 0 ? [] : SHA256.HashData(code);

    /// <summary>The code of a process's vDSO; empty where it has none mapped.</summary>
    public static byte[] CodeOf(IReadOnlyList<Vma> mappings, RemoteMemory memory)
    {
        if (mappings.FirstOrDefault(vma => vma.IsVdso) is not { } vdso)
        {
            return [];
        }

        var code = new byte[vdso.Bytes];
        memory.Read(new RemotePtr(vdso.Start), code);
        return code;
    }
}
