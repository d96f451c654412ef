using System.Globalization;
using System.Text.RegularExpressions;
using Checkpointer.Engine.Images;

namespace Checkpointer.Engine.Resources;

/// <summary>Files and directories of procfs: of the system, and of processes of the job, about which they are there again after a restore.</summary>
internal sealed partial class ProcFileKind(IReadOnlySet<int> job, RemovedFiles removed) : IFileKind
{
    private const int InitPid = 1;

    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) =>
        descriptor.Target.StartsWith("/proc", StringComparison.Ordinal) && RemovedFiles.IsOnProc(descriptor.Link);

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        image.Kind = OpenFile.Types.Kind.ProcFile;
        image.RemovedFile = removed.Enter(descriptor.Target, descriptor.Stat, descriptor.Link);
        if (image.RemovedFile != 0)
        {
            return ThreadOnProc().IsMatch(descriptor.Target) ? $"{descriptor.Target}, which is about a thread that is gone" : null;
        }

        if (DescriptorOnProc().IsMatch(descriptor.Target))
        {
            // It is to be opened before the process has its descriptors and mappings again.
            return $"{descriptor.Target}, which is about a descriptor or mapping of a process";
        }

        var process = ProcessOnProc().Match(descriptor.Target);
        var pid = process.Success ? int.Parse(process.Groups[1].Value, CultureInfo.InvariantCulture) : InitPid;
        return pid == InitPid || job.Contains(pid) ? NamedFile.WhyNotReopenable(descriptor) : $"{descriptor.Target}, which is about a process outside of the job";
    }

    [GeneratedRegex("^/proc/[0-9]+/task/")]
    private static partial Regex ThreadOnProc();

    [GeneratedRegex("^/proc/[0-9]+/(?:task/[0-9]+/)?(?:fd|fdinfo|map_files)/")]
    private static partial Regex DescriptorOnProc();

    [GeneratedRegex("^/proc/([0-9]+)(?:/|$)")]
    private static partial Regex ProcessOnProc();
}
