using System.Text;

namespace Checkpointer.Engine.Proc;

/// <summary>Reads /proc/PID/cgroup.</summary>
internal static class CgroupReader
{
    private const string File = "cgroup";

    /// <summary>Parses the whole file; empty on a kernel without cgroups.</summary>
    /// <exception cref="ProcFormatException">A line is malformed.</exception>
    public static IReadOnlyList<CgroupMembership> Parse(ReadOnlySpan<byte> text)
    {
        var memberships = new List<CgroupMembership>();
        for (var lines = new LineReader(text); !lines.AtEnd;)
        {
            memberships.Add(ParseLine(lines.Next()));
        }

        return memberships;
    }

    private static CgroupMembership ParseLine(ReadOnlySpan<byte> line)
    {
        // Only the path may hold further colons. Nothing is escaped: a cgroup's name cannot hold a newline.
        var fields = new FieldReader(File, line);
        int hierarchy = fields.Decimal<int>(fields.Until((byte)':', "hierarchy"u8), "hierarchy"u8);
        string controllers = Encoding.UTF8.GetString(fields.Until((byte)':', "controllers"u8));
        ReadOnlySpan<byte> path = ProcText.StripDeleted(fields.Rest, out bool isDeleted);
        return path is [(byte)'/', ..]
            ? new CgroupMembership(hierarchy, controllers, Encoding.UTF8.GetString(path), isDeleted)
            : throw fields.Bad("path"u8);
    }
}
