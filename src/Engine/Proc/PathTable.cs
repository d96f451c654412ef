using System.Text;

namespace Checkpointer.Engine.Proc;

/// <summary>One string per distinct path of a /proc file: a job has thousands of mappings and few names.</summary>
internal sealed class PathTable
{
    private readonly HashSet<string> _paths = new(StringComparer.Ordinal);
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private char[] _characters = new char[256]; // most paths; grows for longer ones

    public PathTable() => _lookup = _paths.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The path as a string; bytes that are not UTF-8 become U+FFFD.</summary>
    public string Intern(ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty)
        {
            return "";
        }

        if (_characters.Length < path.Length)
        {
            _characters = new char[path.Length]; // a byte never becomes more than one UTF-16 unit
        }

        int count = Encoding.UTF8.GetChars(path, _characters);
        ReadOnlySpan<char> characters = _characters.AsSpan(0, count);
        if (!_lookup.TryGetValue(characters, out string? interned))
        {
            interned = characters.ToString();
            _paths.Add(interned);
        }

        return interned;
    }
}
