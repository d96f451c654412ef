using System.Globalization;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Names for what is kept aside: <c>NAME.after-GENERATION</c>, and with <c>.2</c>, <c>.3</c> where that is there.</summary>
internal static class AsideNames
{
    private const int NamesMax = 1000;
    private const int BufferBytes = 1 << 20;

    /// <summary>A path that is free.</summary>
    public static string Of(PlainDirectory directory, string path, string generationSuffix) =>
        Candidates(path, generationSuffix).FirstOrDefault(candidate => directory.Stat(Path.GetFileName(candidate)) is null)
        ?? throw TooMany(path, generationSuffix);

    /// <summary>A path that is free, or at which this very tail lies: a restore that ended between keeping and cutting is repeated.</summary>
    public static string OfTail(PlainDirectory directory, string path, SafeFd fd, ulong tailStart, string generationSuffix)
    {
        foreach (var candidate in Candidates(path, generationSuffix))
        {
            var name = Path.GetFileName(candidate);
            if (directory.Stat(name) is not { } there || (there.Type == FileFlag.S_IFREG && IsTail(directory, name, fd, tailStart)))
            {
                return candidate;
            }
        }

        throw TooMany(path, generationSuffix);
    }

    /// <summary>True where a file holds what another has from an offset on.</summary>
    public static bool IsTail(PlainDirectory directory, string name, SafeFd fd, ulong tailStart)
    {
        using var aside = directory.Open(name, FileFlag.O_RDONLY | FileFlag.O_NONBLOCK);
        if (FileStat.Of(aside.Path).Bytes != FileStat.Of(fd.Path).Bytes - tailStart)
        {
            return false;
        }

        var (left, right) = (new byte[BufferBytes], new byte[BufferBytes]);
        for (var offset = 0L; ;)
        {
            var read = FileBytes.Read(aside, offset, left, name);
            if (read == 0)
            {
                return true;
            }

            var other = FileBytes.Read(fd, (long)tailStart + offset, right.AsSpan(0, read), name);
            if (!left.AsSpan(0, read).SequenceEqual(right.AsSpan(0, other)))
            {
                return false;
            }

            offset += read;
        }
    }

    private static IEnumerable<string> Candidates(string path, string generationSuffix) => Enumerable.Range(1, NamesMax).Select(number =>
        number == 1 ? $"{path}.after-{generationSuffix}" : string.Create(CultureInfo.InvariantCulture, $"{path}.after-{generationSuffix}.{number}"));

    private static EngineException TooMany(string path, string generationSuffix) =>
        new(EngineFailure.Failed, $"There are {NamesMax} files named {path}.after-{generationSuffix} already.", "remove those that are not needed");
}
