using Checkpointer.Engine.Images;

namespace Checkpointer.Engine.Resources;

/// <summary>A socket that the job holds.</summary>
/// <param name="Descriptor">One descriptor of it.</param>
/// <param name="File">Its image; the socket in it is filled in by and by.</param>
internal sealed record SocketUse(OpenDescriptor Descriptor, OpenFile File)
{
    /// <summary>The image of the socket.</summary>
    public Socket Image => File.Socket;

    /// <summary>Inode on sockfs, by which sock_diag(7) knows it.</summary>
    public uint Inode => (uint)Descriptor.Stat.Inode;

    /// <summary>True for sockets with connections.</summary>
    public bool IsConnectionOriented => Image.Type is Interop.SocketNumber.SOCK_STREAM or Interop.SocketNumber.SOCK_SEQPACKET;
}
