using System.Numerics;

namespace Checkpointer.Engine.Proc;

/// <summary>Reads /proc/PID/smaps, and /proc/PID/maps, which is the same without the lines below each header.</summary>
/// <remarks>Runs inside the freeze over tens of thousands of mappings: nothing is allocated but the mappings and new paths.</remarks>
internal static class SmapsReader
{
    private const string File = "smaps";
    private const int BytesPerKibibyte = 1024;
    private const int PermissionCount = 4; // rwxp

    /// <summary>Parses the whole file; ascending addresses, as the kernel writes them.</summary>
    /// <exception cref="ProcFormatException">A header or a known line is malformed.</exception>
    public static IReadOnlyList<Vma> Parse(ReadOnlySpan<byte> text)
    {
        var vmas = new List<Vma>();
        var paths = new PathTable();
        var lines = new LineReader(text);
        while (!lines.AtEnd)
        {
            ReadOnlySpan<byte> header = lines.Next();
            Attributes attributes = ReadAttributes(ref lines);
            vmas.Add(ParseHeader(header, attributes, paths));
        }

        return vmas;
    }

    /// <summary>Takes the lines up to the next header. Their keys start with a capital, addresses are in small hexadecimal.</summary>
    private static Attributes ReadAttributes(ref LineReader lines)
    {
        var attributes = new Attributes { UnknownFlags = "" };
        while (!lines.AtEnd && lines.FirstByte is >= (byte)'A' and <= (byte)'Z')
        {
            // 21 of 24 lines are none of ours: the initial tells most of them without a look at the rest.
            bool mayBeOurs = lines.FirstByte is (byte)'V' or (byte)'K' or (byte)'P';
            ReadOnlySpan<byte> line = lines.Next();
            if (mayBeOurs)
            {
                ReadAttribute(line, ref attributes);
            }
        }

        return attributes;
    }

    private static void ReadAttribute(ReadOnlySpan<byte> line, ref Attributes attributes)
    {
        if (line.StartsWith("VmFlags:"u8))
        {
            attributes.HasVmFlags = true;
            attributes.VmFlags = VmaFlagCodes.Parse(ValueOf(line), out attributes.UnknownFlags);
        }
        else if (line.StartsWith("KernelPageSize:"u8))
        {
            attributes.KernelPageBytes = (ulong)ValueOf(line).Decimal<uint>("KernelPageSize"u8) * BytesPerKibibyte;
        }
        else if (line.StartsWith("ProtectionKey:"u8))
        {
            attributes.ProtectionKey = ValueOf(line).Decimal<int>("ProtectionKey"u8);
        }
    }

    private static FieldReader ValueOf(ReadOnlySpan<byte> line)
    {
        var fields = new FieldReader(File, line);
        fields.Until((byte)':', "key"u8);
        return fields;
    }

    private static Vma ParseHeader(ReadOnlySpan<byte> line, in Attributes attributes, PathTable paths)
    {
        var fields = new FieldReader(File, line);
        ulong start = HexUntil<ulong>(ref fields, (byte)'-', "start"u8);
        ulong end = fields.Hex<ulong>("end"u8);
        ReadOnlySpan<byte> permissions = fields.Word("permissions"u8);
        if (start >= end || permissions.Length != PermissionCount)
        {
            throw fields.Bad(start >= end ? "end"u8 : "permissions"u8);
        }

        return new Vma
        {
            Start = start,
            End = end,
            Readable = IsSet(permissions[0], (byte)'r', (byte)'-', fields),
            Writable = IsSet(permissions[1], (byte)'w', (byte)'-', fields),
            Executable = IsSet(permissions[2], (byte)'x', (byte)'-', fields),
            IsShared = IsSet(permissions[3], (byte)'s', (byte)'p', fields),
            Offset = fields.Hex<ulong>("offset"u8),
            DeviceMajor = HexUntil<uint>(ref fields, (byte)':', "device"u8),
            DeviceMinor = fields.Hex<uint>("device"u8),
            Inode = fields.Decimal<ulong>("inode"u8),
            Path = paths.Intern(ParsePath(fields.Rest, out bool isDeleted)),
            IsDeleted = isDeleted,
            VmFlags = attributes.VmFlags,
            HasVmFlags = attributes.HasVmFlags,
            UnknownFlags = attributes.UnknownFlags,
            KernelPageBytes = attributes.KernelPageBytes,
            ProtectionKey = attributes.ProtectionKey,
        };
    }

    /// <summary>Blanks before the path are padding, since no name starts with one; blanks behind it are the file's own.</summary>
    private static ReadOnlySpan<byte> ParsePath(ReadOnlySpan<byte> rest, out bool isDeleted)
        => ProcText.Unescape(ProcText.StripDeleted(rest.TrimStart((byte)' '), out isDeleted), "\n"u8);

    private static T HexUntil<T>(ref FieldReader fields, byte delimiter, ReadOnlySpan<byte> name)
        where T : struct, IBinaryInteger<T>
        => fields.Hex<T>(fields.Until(delimiter, name).TrimStart((byte)' '), name);

    private static bool IsSet(byte letter, byte set, byte unset, in FieldReader fields)
        => letter == set || (letter == unset ? false : throw fields.Bad("permissions"u8));

    private struct Attributes
    {
        public VmaFlags VmFlags;
        public bool HasVmFlags;
        public string UnknownFlags;
        public ulong KernelPageBytes;
        public int ProtectionKey;
    }
}
