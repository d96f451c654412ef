using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine;

/// <summary>
/// Our standard output and error, where they are regular files. A restore does not put back a file that another process has open for writing: whoever waits for a job that
/// others bring back, and whose output goes where its own goes, must not be that process.
/// </summary>
public sealed class OwnOutputs
{
    private static readonly int[] _streams = [1, 2];
    private readonly Lock _changing = new();
    private readonly Dictionary<int, string> _files = [];

    /// <summary>Closes these files, in all descriptors that the runtime has of them. What is written to them from now on is gone.</summary>
    public void LetGo()
    {
        lock (_changing)
        {
            var held = _streams.Select(PathOf).Select(path => FileStat.TryOf(path)).OfType<FileStat>().Where(file => file.Type == FileFlag.S_IFREG).ToList();
            foreach (var number in held.Count == 0 ? [] : ProcFile.TryListNumbers("/proc/self/fd")!)
            {
                if (FileStat.TryOf(PathOf(number)) is { } file && held.Exists(one => one.IsSameFile(file)) && NameOf(number, file) is { } name)
                {
                    using var nothing = OwnFd.Open("/dev/null", FileFlag.O_WRONLY);
                    Replace(number, nothing);
                    _files[number] = name;
                }
            }
        }
    }

    /// <summary>Opens them again, at their ends. One that has another name by now, or none, stays closed.</summary>
    public void TakeBack()
    {
        lock (_changing)
        {
            foreach (var (number, name) in _files)
            {
                using var file = OwnFd.TryOpen(name, FileFlag.O_WRONLY | FileFlag.O_APPEND | FileFlag.O_NOFOLLOW);
                if (file is not null)
                {
                    Replace(number, file);
                }
            }

            _files.Clear();
        }
    }

    private static string PathOf(int number) => ProcFs.PathOf(new ProcessId(Environment.ProcessId), $"fd/{number}");

    /// <summary>The path of an open file; null where it has another or none by now, and could not be opened again.</summary>
    private static string? NameOf(int number, in FileStat file) =>
        ProcFs.ReadLink(PathOf(number)) is { } path && FileStat.TryOf(path, followsLinks: false) is { } named && named.IsSameFile(file) ? path : null;

    private static void Replace(int number, SafeFd file)
    {
        var flags = Libc.fcntl(number, FileFlag.F_GETFD, 0);
        LinuxException.ThrowIfFailed(Libc.dup3(file.Number, number, (flags & FileFlag.FD_CLOEXEC) != 0 ? FileFlag.O_CLOEXEC : 0), $"dup3 to descriptor {number}");
    }
}
