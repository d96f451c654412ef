using System.Buffers.Binary;

namespace Checkpointer.CrashLab.Kit;

/// <summary>
/// The uncompressed kernel inside a vmlinuz, as an ELF file that QEMU starts directly: unpacking it is 2.5 s of emulation otherwise. Fields of the header are those of the
/// kernel's Documentation/arch/x86/boot.rst.
/// </summary>
internal static class KernelImage
{
    private const int SetupSectors = 0x1f1;
    private const int PayloadOffset = 0x248;
    private const int PayloadLength = 0x24c;
    private const int SectorBytes = 512;
    private const int TrailerBytes = 4; // the size of what is packed, behind the payload

    private static readonly (byte[] Magic, string[] Command)[] _packers =
    [
        ([0x28, 0xb5, 0x2f, 0xfd], ["zstd", "-dcq"]),
        ([0x02, 0x21, 0x4c, 0x18], ["lz4", "-dc"]),
        ([0xfd, 0x37, 0x7a, 0x58], ["xz", "-dc"]),
    ];

    /// <summary>Unpacks a kernel.</summary>
    /// <exception cref="LabException">It is packed in another way.</exception>
    public static void Unpack(string vmlinuz, string target)
    {
        var image = File.ReadAllBytes(vmlinuz);
        var begin = ((image[SetupSectors] + 1) * SectorBytes) + Field(image, PayloadOffset);
        var payload = image.AsSpan(begin, Field(image, PayloadLength) - TrailerBytes);
        var packed = target + ".packed";
        File.WriteAllBytes(packed, payload);
        foreach (var (magic, command) in _packers)
        {
            if (payload.StartsWith(magic))
            {
                Tool.RunTo(target, Path.GetDirectoryName(target)!, [.. command, packed]);
                File.Delete(packed);
                return;
            }
        }

        throw new LabException($"{vmlinuz} is packed in a way that is not known: {Convert.ToHexString(payload[..4])}");
    }

    private static int Field(byte[] image, int offset) => checked((int)BinaryPrimitives.ReadUInt32LittleEndian(image.AsSpan(offset)));
}
