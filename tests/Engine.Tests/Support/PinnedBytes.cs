using System.Runtime.InteropServices;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tests.Support;

/// <summary>Bytes of our own process at an address that stays; read back through /proc/self/mem as if they were a job's.</summary>
internal sealed class PinnedBytes(int length)
{
    /// <summary>The bytes.</summary>
    public byte[] Bytes { get; } = GC.AllocateArray<byte>(length, pinned: true);

    /// <summary>Where they are.</summary>
    public RemotePtr Address => new((ulong)Marshal.UnsafeAddrOfPinnedArrayElement(Bytes, 0));

    /// <summary>Puts a kernel structure at an offset.</summary>
    public void Put<T>(int offset, in T value)
        where T : unmanaged => MemoryMarshal.Write(Bytes.AsSpan(offset), in value);
}
