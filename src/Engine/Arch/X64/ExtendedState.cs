using System.Buffers.Binary;
using System.Runtime.Intrinsics.X86;

namespace Checkpointer.Engine.Arch.X64;

/// <summary>Extended state of a thread in XSAVE layout, as ptrace(2) gives it (NT_X86_XSTATE): room for all that the processor has.</summary>
internal static class ExtendedState
{
    // ptrace leaves the enabled features (XCR0) here, in bytes that the processor does not use.
    private const int EnabledOffset = 464;

    // XSTATE_BV, the head of the XSAVE header: components that are not in their initial state.
    private const int InUseOffset = 512;
    private const int LegacyAndHeaderBytes = 576;
    private const int FirstExtendedComponent = 2;
    private const int Components = 63;
    private const int TileData = 18;
    private const uint LayoutLeaf = 0xd;

    /// <summary>Features that are enabled, XCR0.</summary>
    public static ulong Enabled(ReadOnlySpan<byte> state) => BinaryPrimitives.ReadUInt64LittleEndian(state[EnabledOffset..]);

    /// <summary>
    /// Bytes that the kernel has for a thread that never used AMX: it makes room for tile data, 8 KiB, at their first use only, and a signal frame is judged
    /// by the thread's own size. All of it where tile data are in use, or the processor has none.
    /// </summary>
    public static int BytesInUse(ReadOnlySpan<byte> state)
    {
        var inUse = BinaryPrimitives.ReadUInt64LittleEndian(state[InUseOffset..]);
        return Has(Enabled(state), TileData) && !Has(inUse, TileData) ? Math.Min(BytesWithoutTiles(Enabled(state)), state.Length) : state.Length;
    }

    private static int BytesWithoutTiles(ulong enabled)
    {
        var end = LegacyAndHeaderBytes;
        for (var component = FirstExtendedComponent; component < Components; component++)
        {
            if (component != TileData && Has(enabled, component))
            {
                // EAX: bytes; EBX: offset (Intel SDM volume 1, 13.5).
                var (bytes, offset, _, _) = X86Base.CpuId(unchecked((int)LayoutLeaf), component);
                end = Math.Max(end, offset + bytes);
            }
        }

        return end;
    }

    private static bool Has(ulong set, int component) => (set & (1ul << component)) != 0;
}
