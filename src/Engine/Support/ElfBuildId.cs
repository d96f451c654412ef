using System.Buffers.Binary;

namespace Checkpointer.Engine.Support;

/// <summary>Reads the GNU build ID of an ELF file, which names its exact build (elf(5), note type NT_GNU_BUILD_ID).</summary>
internal static class ElfBuildId
{
    private const int HeaderBytes = 64;
    private const int ProgramHeaderBytes = 56;
    private const int ProgramHeadersMax = 256;
    private const int NotesBytesMax = 64 * 1024;
    private const uint NoteSegment = 4;
    private const uint BuildIdNote = 3;

    /// <summary>The build ID; empty where the file is no 64-bit ELF file or has none.</summary>
    public static byte[] Read(string path)
    {
        using var file = UnlockedFile.Open(path, Interop.FileFlag.O_RDONLY);
        var header = new byte[HeaderBytes];
        if (RandomAccess.Read(file, header, 0) != HeaderBytes || !header.AsSpan().StartsWith("\x7f"u8 + "ELF\x02"u8))
        {
            return [];
        }

        var offset = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(32));
        var count = Math.Min((int)BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(56)), ProgramHeadersMax);
        var programHeaders = new byte[count * ProgramHeaderBytes];
        if (ReadAt(file, programHeaders, offset) != programHeaders.Length)
        {
            return [];
        }

        for (var index = 0; index < count; index++)
        {
            var programHeader = programHeaders.AsSpan(index * ProgramHeaderBytes, ProgramHeaderBytes);
            if (BinaryPrimitives.ReadUInt32LittleEndian(programHeader) == NoteSegment && FindIn(file, programHeader) is { } id)
            {
                return id;
            }
        }

        return [];
    }

    private static byte[]? FindIn(Microsoft.Win32.SafeHandles.SafeFileHandle file, ReadOnlySpan<byte> programHeader)
    {
        var offset = BinaryPrimitives.ReadInt64LittleEndian(programHeader[8..]);
        var bytes = BinaryPrimitives.ReadInt64LittleEndian(programHeader[32..]);
        if (bytes is < 0 or > NotesBytesMax)
        {
            return null;
        }

        var buffer = new byte[bytes];
        var notes = buffer.AsSpan(0, ReadAt(file, buffer, offset));
        while (notes.Length >= 12)
        {
            var nameBytes = RoundUp(BinaryPrimitives.ReadUInt32LittleEndian(notes));
            var descriptionBytes = BinaryPrimitives.ReadUInt32LittleEndian(notes[4..]);
            var noteBytes = 12 + nameBytes + RoundUp(descriptionBytes);
            if (noteBytes > notes.Length)
            {
                return null;
            }

            if (BinaryPrimitives.ReadUInt32LittleEndian(notes[8..]) == BuildIdNote && notes[12..].StartsWith("GNU\0"u8))
            {
                return notes.Slice((int)(12 + nameBytes), (int)descriptionBytes).ToArray();
            }

            notes = notes[(int)noteBytes..];
        }

        return null;
    }

    /// <summary>Bytes read; none where the file does not reach. The kernel refuses offsets near 2^63 with EINVAL.</summary>
    private static int ReadAt(Microsoft.Win32.SafeHandles.SafeFileHandle file, byte[] buffer, long offset) =>
        offset < 0 || offset > RandomAccess.GetLength(file) ? 0 : RandomAccess.Read(file, buffer, offset);

    private static long RoundUp(uint value) => ((long)value + 3) / 4 * 4;
}
