using System.Text;

namespace Checkpointer.Engine.Proc;

/// <summary>Bytes of /proc files as strings.</summary>
internal static class ProcText
{
    private const int EscapeBytes = 4; // \ooo, seq_file.c mangle_path()

    private const string DeletedText = " (deleted)";

    private static ReadOnlySpan<byte> DeletedSuffix => " (deleted)"u8;

    /// <summary>Undoes the kernel's octal escapes (<c>\012</c>), but only of characters that the file in question escapes.</summary>
    /// <remarks>/proc/PID/maps escapes the newline and nothing else, not even the backslash (fs/seq_file.c, seq_path):
    /// there, <c>\040</c> is four characters of a file's name.</remarks>
    /// <param name="text">Escaped bytes.</param>
    /// <param name="escaped">The characters that the kernel escapes in this file.</param>
    public static ReadOnlySpan<byte> Unescape(ReadOnlySpan<byte> text, ReadOnlySpan<byte> escaped)
    {
        int next = text.IndexOf((byte)'\\');
        if (next < 0)
        {
            return text;
        }

        byte[] plain = new byte[text.Length];
        int count = 0;
        while (!text.IsEmpty)
        {
            bool isEscape = TryEscape(text, out byte value) && escaped.Contains(value);
            plain[count++] = isEscape ? value : text[0];
            text = text[(isEscape ? EscapeBytes : 1)..];
        }

        return plain.AsSpan(0, count);
    }

    /// <summary>Strips one <c> (deleted)</c>, which the kernel appends to the path of an unlinked file (d_path).</summary>
    public static ReadOnlySpan<byte> StripDeleted(ReadOnlySpan<byte> path, out bool isDeleted)
    {
        isDeleted = path.EndsWith(DeletedSuffix);
        return isDeleted ? path[..^DeletedSuffix.Length] : path;
    }

    /// <inheritdoc cref="StripDeleted(ReadOnlySpan{byte}, out bool)"/>
    public static string StripDeleted(string path, out bool isDeleted)
    {
        isDeleted = path.EndsWith(DeletedText, StringComparison.Ordinal);
        return isDeleted ? path[..^DeletedText.Length] : path;
    }

    /// <summary>Text that cannot upset a terminal: control characters become <c>?</c>, as ps(1) shows them.</summary>
    public static string ForPeople(ReadOnlySpan<byte> text)
        => ReplaceControls(Encoding.UTF8.GetString(text));

    private static string ReplaceControls(string text)
        => text.Any(char.IsControl) ? new string([.. text.Select(c => char.IsControl(c) ? '?' : c)]) : text;

    private static bool TryEscape(ReadOnlySpan<byte> text, out byte value)
    {
        value = 0;
        if (text.Length < EscapeBytes || text[0] != '\\')
        {
            return false;
        }

        int number = 0;
        foreach (byte digit in text[1..EscapeBytes])
        {
            if (digit is < (byte)'0' or > (byte)'7')
            {
                return false;
            }

            number = (number * 8) + (digit - '0');
        }

        value = (byte)(number & byte.MaxValue);
        return number <= byte.MaxValue;
    }
}
