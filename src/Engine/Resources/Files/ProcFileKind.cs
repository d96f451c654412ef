using System.Globalization;
using System.Text.RegularExpressions;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Resources;

/// <summary>Files and directories of procfs: of the system, and of processes of the job, about which they are there again after a restore.</summary>
internal sealed partial class ProcFileKind(IReadOnlySet<int> job) : IFileKind
{
    private const int InitPid = 1;

    /// <inheritdoc/>
    public unsafe bool Claims(OpenDescriptor descriptor)
    {
        statfs64_t fileSystem = default;
        return descriptor.Target.StartsWith("/proc", StringComparison.Ordinal)
            && Libc.statfs64(descriptor.Target, &fileSystem) == 0 && fileSystem.f_type == FileFlag.PROC_SUPER_MAGIC;
    }

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        image.Kind = OpenFile.Types.Kind.ProcFile;
        var process = ProcessOnProc().Match(descriptor.Target);
        var pid = process.Success ? int.Parse(process.Groups[1].Value, CultureInfo.InvariantCulture) : InitPid;
        return pid == InitPid || job.Contains(pid) ? NamedFile.WhyNotReopenable(descriptor) : $"{descriptor.Target}, which is about a process outside of the job";
    }

    [GeneratedRegex("^/proc/([0-9]+)(?:/|$)")]
    private static partial Regex ProcessOnProc();
}
