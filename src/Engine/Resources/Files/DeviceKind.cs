using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>Character devices without state, null, zero, full, random, urandom; and consoles and lines, whose settings are not the job's.</summary>
internal sealed class DeviceKind(RemovedFiles removed) : IFileKind
{
    private const ulong MemoryDevices = 1;

    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) => descriptor.Stat.Type == FileFlag.S_IFCHR;

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        image.Kind = OpenFile.Types.Kind.Device;
        var (node, target) = (descriptor.Stat.DeviceNode, descriptor.Target);
        var (major, minor) = (node >> 32, node & uint.MaxValue);
        // admin-guide/devices.txt.
        var isStateless = major == MemoryDevices && minor is 3 or 5 or 7 or 8 or 9;
        if (!isStateless && !TerminalNames.IsHardware(node))
        {
            return $"the device {target}";
        }

        image.RemovedFile = removed.Enter(target, descriptor.Stat, descriptor.Link);
        return image.RemovedFile != 0 || FileStat.TryOf(target)?.DeviceNode == node ? null : $"the device {target}, whose node is gone";
    }
}
