using System.Security.Cryptography;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Resources;

/// <summary>Recognises the vDSO of a kernel by its code.</summary>
internal static class VdsoHash
{
    /// <summary>SHA-256 of a process's vDSO; empty where it has none mapped.</summary>
    public static byte[] Of(IReadOnlyList<Vma> mappings, RemoteMemory memory)
    {
        if (mappings.FirstOrDefault(vma => vma.IsVdso) is not { } vdso)
        {
            return [];
        }

        var code = new byte[vdso.Bytes];
        memory.Read(new RemotePtr(vdso.Start), code);
        return SHA256.HashData(code);
    }
}
