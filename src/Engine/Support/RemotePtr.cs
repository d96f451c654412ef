using System.Globalization;

namespace Checkpointer.Engine.Support;

/// <summary>An address in a job's address space, in bytes. Arithmetic is checked.</summary>
internal readonly record struct RemotePtr(ulong Address)
{
    /// <summary>An address after this one.</summary>
    public static RemotePtr operator +(RemotePtr pointer, ulong bytes) => new(checked(pointer.Address + bytes));

    /// <summary>An address before this one.</summary>
    public static RemotePtr operator -(RemotePtr pointer, ulong bytes) => new(checked(pointer.Address - bytes));

    /// <inheritdoc/>
    public override string ToString() => "0x" + Address.ToString("x", CultureInfo.InvariantCulture);
}
