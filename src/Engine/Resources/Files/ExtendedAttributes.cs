using System.Text;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>Extended attributes of files, xattr(7): capabilities, access control lists and what users put there.</summary>
internal static unsafe class ExtendedAttributes
{
    // XATTR_LIST_MAX and XATTR_SIZE_MAX, linux/limits.h.
    private const int BytesMax = 65536;

    /// <summary>All of a file, by name; none where its file system has none.</summary>
    public static List<ExtendedAttribute> Of(SafeFd fd, string name)
    {
        var attributes = new List<ExtendedAttribute>();
        foreach (var attribute in Names(fd, name))
        {
            var bytes = Libc.fgetxattr(fd.Number, attribute, null, 0);
            if (bytes < 0 && LastError.Get() is Errno.ENODATA or Errno.EOPNOTSUPP)
            {
                // Taken away meanwhile, or made by the file system itself and not to be read.
                continue;
            }

            LinuxException.ThrowIfFailed(bytes, $"fgetxattr({attribute}) of {name}");
            var value = new byte[bytes];
            fixed (byte* target = value)
            {
                bytes = Libc.fgetxattr(fd.Number, attribute, target, (nuint)value.Length);
            }

            LinuxException.ThrowIfFailed(bytes, $"fgetxattr({attribute}) of {name}");
            attributes.Add(new ExtendedAttribute { Name = attribute, Value = ByteString.CopyFrom(value, 0, (int)bytes) });
        }

        return attributes;
    }

    /// <summary>Gives a file these and no others.</summary>
    public static void Set(SafeFd fd, IReadOnlyCollection<ExtendedAttribute> attributes, string name)
    {
        var now = Of(fd, name);
        foreach (var gone in now.Where(attribute => attributes.All(other => other.Name != attribute.Name)))
        {
            LinuxException.ThrowIfFailed(Libc.fremovexattr(fd.Number, gone.Name), $"fremovexattr({gone.Name}) of {name}");
        }

        foreach (var attribute in attributes.Except(now))
        {
            fixed (byte* value = attribute.Value.Span)
            {
                LinuxException.ThrowIfFailed(
                    Libc.fsetxattr(fd.Number, attribute.Name, value, (nuint)attribute.Value.Length, 0), $"fsetxattr({attribute.Name}) of {name}");
            }
        }
    }

    private static string[] Names(SafeFd fd, string name)
    {
        // Most files have none, and are asked once.
        var bytes = Libc.flistxattr(fd.Number, null, 0);
        if (bytes == 0 || (bytes < 0 && LastError.Get() == Errno.EOPNOTSUPP))
        {
            return [];
        }

        var list = new byte[BytesMax];
        fixed (byte* target = list)
        {
            bytes = Libc.flistxattr(fd.Number, target, (nuint)list.Length);
        }

        LinuxException.ThrowIfFailed(bytes, $"flistxattr of {name}");
        return Encoding.UTF8.GetString(list, 0, (int)bytes).Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }
}
