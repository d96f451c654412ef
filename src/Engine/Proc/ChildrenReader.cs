using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Proc;

/// <summary>Reads /proc/PID/task/TID/children.</summary>
internal static class ChildrenReader
{
    /// <summary>Parses the whole file: process IDs between blanks.</summary>
    /// <exception cref="ProcFormatException">Not a number.</exception>
    public static IReadOnlyList<ProcessId> Parse(ReadOnlySpan<byte> text)
    {
        var children = new List<ProcessId>();
        var fields = new FieldReader("children", text);
        while (fields.TryWord(out ReadOnlySpan<byte> word))
        {
            int child = fields.Decimal<int>(word, "child"u8);
            children.Add(child > 0 ? new ProcessId(child) : throw fields.Bad("child"u8));
        }

        return children;
    }
}
