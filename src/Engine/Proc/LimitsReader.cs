namespace Checkpointer.Engine.Proc;

/// <summary>Reads /proc/PID/limits.</summary>
internal static class LimitsReader
{
    private const string File = "limits";

    /// <summary>Names of the lines at the index of their RLIMIT_* number (fs/proc/base.c, lnames).</summary>
    private static readonly byte[][] _names =
    [
        "Max cpu time"u8.ToArray(),
        "Max file size"u8.ToArray(),
        "Max data size"u8.ToArray(),
        "Max stack size"u8.ToArray(),
        "Max core file size"u8.ToArray(),
        "Max resident set"u8.ToArray(),
        "Max processes"u8.ToArray(),
        "Max open files"u8.ToArray(),
        "Max locked memory"u8.ToArray(),
        "Max address space"u8.ToArray(),
        "Max file locks"u8.ToArray(),
        "Max pending signals"u8.ToArray(),
        "Max msgqueue size"u8.ToArray(),
        "Max nice priority"u8.ToArray(),
        "Max realtime priority"u8.ToArray(),
        "Max realtime timeout"u8.ToArray(),
    ];

    /// <summary>Parses the whole file: 16 limits, ordered by number. Limits that we do not know are ignored.</summary>
    /// <exception cref="ProcFormatException">A known limit is missing or malformed.</exception>
    public static IReadOnlyList<ResourceLimit> Parse(ReadOnlySpan<byte> text)
    {
        var limits = new ResourceLimit?[_names.Length];
        for (var lines = new LineReader(text); !lines.AtEnd;)
        {
            ReadOnlySpan<byte> line = lines.Next();
            int resource = ResourceOf(line);
            if (resource >= 0)
            {
                limits[resource] = ParseLine(line, resource);
            }
        }

        var result = new ResourceLimit[limits.Length];
        for (int resource = 0; resource < limits.Length; resource++)
        {
            result[resource] = limits[resource] ?? throw ProcFormatException.NoLine(File, _names[resource]);
        }

        return result;
    }

    /// <summary>The number of the limit that a line is about, or -1. No name is the start of another, but for blanks.</summary>
    private static int ResourceOf(ReadOnlySpan<byte> line)
    {
        for (int resource = 0; resource < _names.Length; resource++)
        {
            ReadOnlySpan<byte> name = _names[resource];
            if (line.StartsWith(name) && line.Length > name.Length && line[name.Length] == ' ')
            {
                return resource;
            }
        }

        return -1;
    }

    private static ResourceLimit ParseLine(ReadOnlySpan<byte> line, int resource)
    {
        // Names hold blanks, so the values are found behind the name and not by counting words.
        var fields = new FieldReader(File, line[_names[resource].Length..]);
        return new ResourceLimit(resource, ParseValue(ref fields, "soft"u8), ParseValue(ref fields, "hard"u8));
    }

    private static ulong ParseValue(ref FieldReader fields, ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> value = fields.Word(name);
        return value.SequenceEqual("unlimited"u8) ? ResourceLimit.Unlimited : fields.Decimal<ulong>(value, name);
    }
}
