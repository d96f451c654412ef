using Checkpointer.Engine.Support;
using Task = Checkpointer.Engine.Interop.Task;

namespace Checkpointer.Engine.Resources;

/// <summary>Which processes of a job share what is usually a process's own (clone(2) with CLONE_FILES, CLONE_FS or CLONE_VM), asked by kcmp(2).</summary>
internal sealed class ProcessSharing
{
    private readonly Dictionary<int, int> _files;
    private readonly Dictionary<int, int> _fileSystems;
    private readonly Dictionary<int, int> _memory;

    private ProcessSharing(IReadOnlyList<int> processes)
    {
        _files = FirstOf(Task.KCMP_FILES, processes);
        _fileSystems = FirstOf(Task.KCMP_FS, processes);
        _memory = FirstOf(Task.KCMP_VM, processes);
    }

    /// <summary>Compares all processes with each other.</summary>
    public static ProcessSharing Of(IEnumerable<ProcessId> processes) => new([.. processes.Select(process => process.Value)]);

    /// <summary>The first process with the same descriptor table, which may be itself; 0 where no other has it.</summary>
    public int Files(int process) => _files.GetValueOrDefault(process);

    /// <summary>The same for root, working directory and umask.</summary>
    public int FileSystem(int process) => _fileSystems.GetValueOrDefault(process);

    /// <summary>The same for memory.</summary>
    public int Memory(int process) => _memory.GetValueOrDefault(process);

    private static Dictionary<int, int> FirstOf(int type, IReadOnlyList<int> processes)
    {
        var groups = new SortedDictionary<int, List<int>>(new Order(type));
        foreach (var process in processes)
        {
            if (groups.TryGetValue(process, out var group))
            {
                group.Add(process);
            }
            else
            {
                groups.Add(process, [process]);
            }
        }

        return groups.Values.Where(group => group.Count > 1).SelectMany(group => group.Select(process => (process, group[0]))).ToDictionary();
    }

    /// <summary>Processes by the address of the kernel's structure; equal where they share it.</summary>
    private sealed class Order(int type) : IComparer<int>
    {
        public int Compare(int x, int y) => x == y ? 0 : Kcmp.Compare(type, x, y) switch
        {
            0 => 0,
            1 => -1,
            2 => 1,
            // One has ended: only in preflight, where the job runs on.
            _ => x.CompareTo(y),
        };
    }
}
