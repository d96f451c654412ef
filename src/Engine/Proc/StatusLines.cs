using System.Numerics;

namespace Checkpointer.Engine.Proc;

/// <summary>
/// Finds the lines of /proc/PID/status by their key, since each kernel release puts new ones in between. Keys are given
/// with their colon. No value can fake a key: the only free text, the name, comes with its newlines escaped.
/// </summary>
internal readonly ref struct StatusLines(ReadOnlySpan<byte> text)
{
    private const string File = "status";
    private const long BytesPerKibibyte = 1024;

    private readonly ReadOnlySpan<byte> _text = text;

    /// <summary>The value of a line, or false where there is no such line.</summary>
    public bool TryFind(ReadOnlySpan<byte> key, out FieldReader value)
    {
        ReadOnlySpan<byte> rest = _text;
        for (int at = rest.IndexOf(key); at >= 0; at = rest.IndexOf(key))
        {
            // "Pid:" is also the end of "TracerPid:": a key starts its line.
            int start = _text.Length - rest.Length + at;
            rest = rest[(at + key.Length)..];
            if (start == 0 || _text[start - 1] == '\n')
            {
                value = ValueOf(new LineReader(_text[start..]).Next(), key);
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>The value of a line that every kernel writes.</summary>
    public FieldReader Find(ReadOnlySpan<byte> key)
        => TryFind(key, out FieldReader value) ? value : throw ProcFormatException.NoLine(File, key);

    /// <summary>Everything behind the one tab that follows the key.</summary>
    public ReadOnlySpan<byte> Text(ReadOnlySpan<byte> key)
    {
        FieldReader value = Find(key);
        return value.Rest is [(byte)'\t', .. var text] ? text : throw value.Bad(key);
    }

    /// <summary>A decimal number.</summary>
    public T Number<T>(ReadOnlySpan<byte> key)
        where T : struct, IBinaryInteger<T>
        => Find(key).Decimal<T>(key);

    /// <summary>A decimal number that older kernels do not write.</summary>
    public T? NumberOrNull<T>(ReadOnlySpan<byte> key)
        where T : struct, IBinaryInteger<T>
        => TryFind(key, out FieldReader value) ? value.Decimal<T>(key) : null;

    /// <summary>0 or 1, on a line that older kernels do not write.</summary>
    public bool? FlagOrNull(ReadOnlySpan<byte> key) => NumberOrNull<int>(key) is { } number ? number != 0 : null;

    /// <summary>A hexadecimal mask of 64 bits.</summary>
    public ulong Mask(ReadOnlySpan<byte> key) => Find(key).Hex<ulong>(key);

    /// <summary>A hexadecimal mask that older kernels do not write.</summary>
    public ulong? MaskOrNull(ReadOnlySpan<byte> key)
        => TryFind(key, out FieldReader value) ? value.Hex<ulong>(key) : null;

    /// <summary>A size that the kernel writes in units of 1024 bytes as "kB"; 0 where the process has no memory.</summary>
    public long KibibytesAsBytes(ReadOnlySpan<byte> key)
    {
        if (!TryFind(key, out FieldReader value))
        {
            return 0;
        }

        long kibibytes = value.Decimal<long>(key);
        return kibibytes is >= 0 and <= long.MaxValue / BytesPerKibibyte ? kibibytes * BytesPerKibibyte : throw value.Bad(key);
    }

    /// <summary>All numbers of a line; none where there is no such line.</summary>
    public IReadOnlyList<T> Numbers<T>(ReadOnlySpan<byte> key)
        where T : struct, IBinaryInteger<T>
    {
        var numbers = new List<T>();
        if (TryFind(key, out FieldReader value))
        {
            while (value.TryWord(out ReadOnlySpan<byte> word))
            {
                numbers.Add(value.Decimal<T>(word, key));
            }
        }

        return numbers;
    }

    /// <summary>The four IDs of <c>Uid</c> and <c>Gid</c>.</summary>
    public IReadOnlyList<uint> Four(ReadOnlySpan<byte> key)
    {
        FieldReader value = Find(key);
        return [value.Decimal<uint>(key), value.Decimal<uint>(key), value.Decimal<uint>(key), value.Decimal<uint>(key)];
    }

    private static FieldReader ValueOf(ReadOnlySpan<byte> line, ReadOnlySpan<byte> key)
    {
        var value = new FieldReader(File, line);
        value.Until((byte)':', key);
        return value;
    }
}
