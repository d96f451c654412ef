using System.Globalization;
using System.Numerics;

namespace Checkpointer.Engine.Proc;

/// <summary>
/// Takes the fields of one line from left to right. Every method throws <see cref="ProcFormatException"/> with the line
/// where the field is absent or unreadable; names are the kernel's and only used in that message.
/// </summary>
internal ref struct FieldReader(string file, ReadOnlySpan<byte> line)
{
    private readonly ReadOnlySpan<byte> _line = line;
    private ReadOnlySpan<byte> _rest = line;

    /// <summary>What was not taken yet, leading blanks included.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>The next field between blanks.</summary>
    public ReadOnlySpan<byte> Word(ReadOnlySpan<byte> name)
        => TryWord(out ReadOnlySpan<byte> word) ? word : throw Bad(name);

    /// <summary>The next field between blanks, or false at the end of the line.</summary>
    public bool TryWord(out ReadOnlySpan<byte> word)
    {
        _rest = _rest.TrimStart(" \t"u8);
        int end = _rest.IndexOfAny((byte)' ', (byte)'\t', (byte)'\n');
        word = end < 0 ? _rest : _rest[..end];
        _rest = _rest[word.Length..];
        return !word.IsEmpty;
    }

    /// <summary>Everything up to <paramref name="delimiter"/>, which is taken too. May be empty.</summary>
    public ReadOnlySpan<byte> Until(byte delimiter, ReadOnlySpan<byte> name)
    {
        int end = _rest.IndexOf(delimiter);
        if (end < 0)
        {
            throw Bad(name);
        }

        ReadOnlySpan<byte> field = _rest[..end];
        _rest = _rest[(end + 1)..];
        return field;
    }

    /// <summary>The next field as a decimal number; a sign is allowed where <typeparamref name="T"/> has one.</summary>
    public T Decimal<T>(ReadOnlySpan<byte> name)
        where T : struct, IBinaryInteger<T>
        => Decimal<T>(Word(name), name);

    /// <summary>The next field as a hexadecimal number without prefix.</summary>
    public T Hex<T>(ReadOnlySpan<byte> name)
        where T : struct, IBinaryInteger<T>
        => Hex<T>(Word(name), name);

    /// <summary>The next field as an octal number of up to 32 bits, with or without leading zero.</summary>
    public uint Octal(ReadOnlySpan<byte> name)
    {
        ulong value = 0;
        foreach (byte digit in Word(name))
        {
            bool isOctal = digit is >= (byte)'0' and <= (byte)'7';
            value = isOctal && value <= uint.MaxValue ? (value * 8) + digit - '0' : throw Bad(name);
        }

        return value <= uint.MaxValue ? (uint)value : throw Bad(name);
    }

    /// <summary><paramref name="field"/> of this line as a decimal number.</summary>
    public readonly T Decimal<T>(ReadOnlySpan<byte> field, ReadOnlySpan<byte> name)
        where T : struct, IBinaryInteger<T>
        => T.TryParse(field, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out T value) ? value : throw Bad(name);

    /// <summary><paramref name="field"/> of this line as a hexadecimal number.</summary>
    public readonly T Hex<T>(ReadOnlySpan<byte> field, ReadOnlySpan<byte> name)
        where T : struct, IBinaryInteger<T>
        => T.TryParse(field, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out T value) ? value : throw Bad(name);

    /// <summary>The failure to throw for the field of this name.</summary>
    public readonly ProcFormatException Bad(ReadOnlySpan<byte> name) => ProcFormatException.BadField(file, _line, name);
}
