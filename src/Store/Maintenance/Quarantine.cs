using System.Globalization;
using Checkpointer.Store.Files;

namespace Checkpointer.Store.Maintenance;

/// <summary>Where a repair puts what is damaged: out of the way, and never deleted.</summary>
internal static class Quarantine
{
    /// <summary>Moves a file there, under a name that is free; one that is absent is passed over.</summary>
    public static void Take(IFileSystem files, StorePaths paths, string path)
    {
        if (files.Length(path) is null)
        {
            return;
        }

        files.CreateDirectory(paths.Quarantine);
        DurableFile.Relocate(files, path, FreeName(files, Path.Combine(paths.Quarantine, Path.GetFileName(path))));
    }

    private static string FreeName(IFileSystem files, string wanted)
    {
        var name = wanted;
        for (var i = 2; files.Length(name) is not null; i++)
        {
            name = string.Create(CultureInfo.InvariantCulture, $"{wanted}.{i}");
        }

        return name;
    }
}
