using System.Buffers.Binary;
using System.Text;

namespace Checkpointer.Engine.Resources;

/// <summary>The code of a vDSO as a process has it mapped: an ELF file (elf(5), vdso(7)) linked at address 0.</summary>
internal static class VdsoImage
{
    private const string Prefix = "__vdso_";
    private const int SectionHeaderBytes = 64;
    private const int SymbolBytes = 24;
    private const uint DynamicSymbols = 11; // SHT_DYNSYM
    private const int Function = 2; // STT_FUNC

    /// <summary>Its functions by name, as offsets. The names without this prefix are the same functions.</summary>
    /// <exception cref="EngineException">BadImage: it is no such file.</exception>
    public static IReadOnlyDictionary<string, ulong> FunctionsOf(byte[] code)
    {
        try
        {
            return Read(code);
        }
        catch (Exception exception) when (exception is ArgumentException or OverflowException)
        {
            throw new EngineException(EngineFailure.BadImage, "The vDSO is no ELF file that can be read.", innerException: exception);
        }
    }

    private static Dictionary<string, ulong> Read(ReadOnlySpan<byte> code)
    {
        var functions = new Dictionary<string, ulong>();
        var headers = At(code, checked((int)BinaryPrimitives.ReadUInt64LittleEndian(code[40..])));
        var count = BinaryPrimitives.ReadUInt16LittleEndian(code[60..]);
        for (var index = 0; index < count; index++)
        {
            var header = At(headers, index * SectionHeaderBytes);
            if (BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) == DynamicSymbols)
            {
                var names = Section(code, At(headers, checked((int)BinaryPrimitives.ReadUInt32LittleEndian(header[40..]) * SectionHeaderBytes)));
                AddFunctions(Section(code, header), names, functions);
            }
        }

        return functions;
    }

    private static void AddFunctions(ReadOnlySpan<byte> symbols, ReadOnlySpan<byte> names, Dictionary<string, ulong> functions)
    {
        for (; symbols.Length >= SymbolBytes; symbols = symbols[SymbolBytes..])
        {
            var name = At(names, checked((int)BinaryPrimitives.ReadUInt32LittleEndian(symbols)));
            var text = Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]);
            if ((symbols[4] & 0xf) == Function && text.StartsWith(Prefix, StringComparison.Ordinal))
            {
                functions[text] = BinaryPrimitives.ReadUInt64LittleEndian(symbols[8..]);
            }
        }
    }

    private static ReadOnlySpan<byte> Section(ReadOnlySpan<byte> code, ReadOnlySpan<byte> header) => At(code, checked((int)BinaryPrimitives.ReadUInt64LittleEndian(header[24..])))
        [..checked((int)BinaryPrimitives.ReadUInt64LittleEndian(header[32..]))];

    private static ReadOnlySpan<byte> At(ReadOnlySpan<byte> bytes, int offset) => bytes[offset..];
}
