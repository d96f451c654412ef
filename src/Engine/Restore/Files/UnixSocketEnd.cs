using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>An AF_UNIX socket under restore, or one that stands in for a peer that the job had lost.</summary>
internal sealed class UnixSocketEnd(Socket image)
{
    private SafeFd? _socket;

    /// <summary>Stand-in for the lost peer of a socket.</summary>
    public static UnixSocketEnd LostPeerOf(Socket image) => new(new Socket
    {
        Family = image.Family,
        Type = image.Type,
        Address = image.PeerAddress,
        Unix = new UnixSocket { FileIsGone = true },
    });

    /// <summary>What it is to become.</summary>
    public Socket Image { get; } = image;

    /// <summary>The socket, once it is made.</summary>
    public SafeFd Fd
    {
        get => _socket ?? throw new EngineException(EngineFailure.BadImage, $"A socket of the image ({Name}) has no peer that fits it.");
        set => _socket = value;
    }

    /// <summary>True once it is made.</summary>
    public bool IsMade => _socket is not null;

    /// <summary>By what address it can be connected to; null: it has none.</summary>
    public byte[]? ReachedBy { get; private set; }

    /// <summary>Its name, for sentences.</summary>
    public string Name => UnixSocketNames.Text(Image.Address.Span);

    /// <summary>Where its file was made, until it is moved to its place.</summary>
    public string? MadeAt { get; private set; }

    /// <summary>Binds it, if it has a name of its own.</summary>
    public void Bind(SocketNames names)
    {
        if (Image.Address.IsEmpty)
        {
            return;
        }

        if (UnixSocketNames.HasFile(Image.Address.Span))
        {
            (MadeAt, var file) = names.Bind(Fd, Image.Address.Span, Image.Unix.FileIsGone ? null : Path.GetDirectoryName(Image.Unix.File.ToStringUtf8()));
            ReachedBy = SocketNames.AddressOf(file);
        }
        else
        {
            SocketCalls.Bind(Fd, Image.Address.Span, Name);
            ReachedBy = Image.Address.ToByteArray();
        }
    }

    /// <summary>Moves its file to its place.</summary>
    public void Place()
    {
        if (MadeAt is not null && !Image.Unix.FileIsGone)
        {
            var path = Image.Unix.File.ToStringUtf8();
            SocketNames.Place(MadeAt, path, Image.Unix.Mode, Image.Unix.Owner, Image.Unix.Group);
            MadeAt = null;
        }
    }
}
