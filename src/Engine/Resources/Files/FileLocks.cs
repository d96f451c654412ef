using System.Globalization;
using System.Text.RegularExpressions;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Resources;

/// <summary>Locks and leases on an open file, the <c>lock:</c> lines of /proc/PID/fdinfo/FD (fs/locks.c, lock_get_status).</summary>
internal static partial class FileLocks
{
    /// <summary>Adds the locks that a descriptor shows; one that is there already is not added again.</summary>
    /// <returns>Null, or why they cannot be carried: the end of the sentence "Descriptor 3 of process 4711 is".</returns>
    public static string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        foreach (var line in descriptor.Info.Locks)
        {
            if (TryParse(line, image.Flags) is not { } held)
            {
                return $"{descriptor.Target} with a lock that this version does not know ({line})";
            }

            if (!image.Locks.Contains(held))
            {
                image.Locks.Add(held);
            }
        }

        return null;
    }

    /// <summary>One line; null for what is not understood.</summary>
    /// <param name="line">The line.</param>
    /// <param name="flags">O_* of the open file.</param>
    public static FileLock? TryParse(string line, uint flags)
    {
        var match = Line().Match(line);
        if (!match.Success)
        {
            return null;
        }

        var kind = match.Groups["kind"].Value;
        var type = match.Groups["type"].Value;
        var isBreaking = match.Groups["breaking"].Success;
        return new FileLock
        {
            Kind = kind switch
            {
                "POSIX" => FileLock.Types.Kind.Posix,
                "FLOCK" => FileLock.Types.Kind.Flock,
                "OFDLCK" => FileLock.Types.Kind.OpenFile,
                _ => FileLock.Types.Kind.Lease,
            },
            // Of a lease that is being broken the kernel shows what it is to become. One for reading can only be had on a file that is open for reading alone.
            IsWrite = isBreaking ? type == "READ" || (flags & FileFlag.O_ACCMODE) != FileFlag.O_RDONLY : type == "WRITE",
            IsBreaking = isBreaking,
            BreaksToRead = isBreaking && type == "READ",
            Pid = kind is not "OFDLCK" ? (int)Number(match, "pid") : 0,
            Start = Number(match, "start"),
            End = match.Groups["end"].Value == "EOF" ? -1 : Number(match, "end"),
        };
    }

    private static long Number(Match match, string group) => long.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("""^\d+: (?:(?<kind>POSIX|FLOCK|OFDLCK) +ADVISORY|(?<kind>LEASE) +(?:ACTIVE|(?<breaking>BREAKING))) +(?<type>READ|WRITE|UNLCK) +(?<pid>-?\d+) +[0-9a-f]+:[0-9a-f]+:\d+ (?<start>\d+) (?<end>\d+|EOF)$""")]
    private static partial Regex Line();
}
