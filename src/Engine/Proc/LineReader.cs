namespace Checkpointer.Engine.Proc;

/// <summary>Walks the lines of a /proc file; the last one may lack its newline.</summary>
internal ref struct LineReader(ReadOnlySpan<byte> text)
{
    private ReadOnlySpan<byte> _rest = text;

    /// <summary>True after the last line.</summary>
    public readonly bool AtEnd => _rest.IsEmpty;

    /// <summary>First byte of the next line (a newline where it is empty). Precondition: not at the end.</summary>
    public readonly byte FirstByte => _rest[0];

    /// <summary>Whether the next line starts so; it is not taken.</summary>
    public readonly bool NextStartsWith(ReadOnlySpan<byte> prefix) => _rest.StartsWith(prefix);

    /// <summary>The next line without its newline. Precondition: not at the end.</summary>
    public ReadOnlySpan<byte> Next()
    {
        int end = _rest.IndexOf((byte)'\n');
        if (end < 0)
        {
            ReadOnlySpan<byte> last = _rest;
            _rest = default;
            return last;
        }

        ReadOnlySpan<byte> line = _rest[..end];
        _rest = _rest[(end + 1)..];
        return line;
    }
}
