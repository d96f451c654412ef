using System.Text.RegularExpressions;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Proc;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>Namespaces that are held open (/proc/PID/ns/NAME), where they are ours too.</summary>
internal sealed partial class NamespaceKind : IFileKind
{
    private static readonly string[] _names = ["cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts"];

    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) => Link().IsMatch(descriptor.Target);

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        var path = _names.Select(name => "/proc/self/ns/" + name).FirstOrDefault(path => ProcFs.ReadLink(path) == descriptor.Target);
        if (path is null)
        {
            return $"a namespace that is not that of the system ({descriptor.Target})";
        }

        image.Kind = OpenFile.Types.Kind.Namespace;
        image.Path = ByteString.CopyFromUtf8(path);
        return null;
    }

    [GeneratedRegex(@"^(cgroup|ipc|mnt|net|pid|time|user|uts):\[[0-9]+\]$")]
    private static partial Regex Link();
}
