using System.Text;

namespace Checkpointer.Engine.Proc;

/// <summary>Reads /proc/PID/mountinfo.</summary>
internal static class MountInfoReader
{
    private const string File = "mountinfo";

    /// <summary>What fs/proc_namespace.c escapes somewhere in this file, the backslash among it, so all of it is unambiguous.</summary>
    private static ReadOnlySpan<byte> Escaped => " \t\n\\#"u8;

    /// <summary>Parses the whole file.</summary>
    /// <exception cref="ProcFormatException">A line is malformed.</exception>
    public static IReadOnlyList<Mount> Parse(ReadOnlySpan<byte> text)
    {
        var mounts = new List<Mount>();
        for (var lines = new LineReader(text); !lines.AtEnd;)
        {
            mounts.Add(ParseLine(lines.Next()));
        }

        return mounts;
    }

    private static Mount ParseLine(ReadOnlySpan<byte> line)
    {
        // Initializers run in the order written, which is the order of the fields.
        var fields = new FieldReader(File, line);
        return new Mount
        {
            MountId = fields.Decimal<int>("mount ID"u8),
            ParentId = fields.Decimal<int>("parent ID"u8),
            Major = fields.Decimal<uint>(fields.Until((byte)':', "device"u8).TrimStart((byte)' '), "device"u8),
            Minor = fields.Decimal<uint>("device"u8),
            Root = Decode(fields.Word("root"u8)),
            MountPoint = Decode(fields.Word("mount point"u8)),
            Options = Decode(fields.Word("options"u8)),
            FileSystemType = Decode(FileSystemType(ref fields)),
            Source = Decode(fields.Until((byte)' ', "source"u8)),
            SuperOptions = Decode(fields.Rest),
        };
    }

    /// <summary>Skips the optional fields (<c>shared:1</c> ...) with the hyphen that ends them, and takes the type and the
    /// one blank behind it: the source that follows may be empty, so blanks count from there on.</summary>
    private static ReadOnlySpan<byte> FileSystemType(ref FieldReader fields)
    {
        while (!fields.Word("hyphen"u8).SequenceEqual("-"u8))
        {
        }

        ReadOnlySpan<byte> type = fields.Word("file system type"u8);
        fields.Until((byte)' ', "source"u8);
        return type;
    }

    private static string Decode(ReadOnlySpan<byte> field) => Encoding.UTF8.GetString(ProcText.Unescape(field, Escaped));
}
