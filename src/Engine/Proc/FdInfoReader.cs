using System.Text;

namespace Checkpointer.Engine.Proc;

/// <summary>Reads /proc/PID/fdinfo/FD. The lines of special files (<c>eventfd-count</c>, <c>tfd</c> ...) are kept as they are, for <see cref="SpecialFiles"/>.</summary>
internal static class FdInfoReader
{
    private const string File = "fdinfo";

    /// <summary>Parses the whole file.</summary>
    /// <exception cref="ProcFormatException">A known line is malformed, or <c>pos</c> or <c>flags</c> is missing.</exception>
    public static FdInfo Parse(ReadOnlySpan<byte> text)
    {
        long? position = null;
        uint? flags = null;
        int? mountId = null;
        ulong? inode = null;
        List<string> locks = [];
        List<string> special = [];
        for (var lines = new LineReader(text); !lines.AtEnd;)
        {
            ReadOnlySpan<byte> line = lines.Next();
            if (line.StartsWith("pos:"u8))
            {
                position = ValueOf(line).Decimal<long>("pos"u8);
            }
            else if (line.StartsWith("flags:"u8))
            {
                flags = ValueOf(line).Octal("flags"u8);
            }
            else if (line.StartsWith("mnt_id:"u8))
            {
                mountId = ValueOf(line).Decimal<int>("mnt_id"u8);
            }
            else if (line.StartsWith("ino:"u8))
            {
                inode = ValueOf(line).Decimal<ulong>("ino"u8);
            }
            else if (line.StartsWith("lock:"u8))
            {
                locks.Add(Encoding.UTF8.GetString(ValueOf(line).Rest.Trim(" \t"u8)));
            }
            else
            {
                special.Add(Encoding.UTF8.GetString(line));
            }
        }

        return new FdInfo(
            position ?? throw ProcFormatException.NoLine(File, "pos:"u8),
            unchecked((int)(flags ?? throw ProcFormatException.NoLine(File, "flags:"u8))),
            mountId, inode, locks, special);
    }

    private static FieldReader ValueOf(ReadOnlySpan<byte> line)
    {
        var fields = new FieldReader(File, line);
        fields.Until((byte)':', "key"u8);
        return fields;
    }
}
