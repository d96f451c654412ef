using System.Globalization;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>Both ends of pseudoterminals, and what was opened as /dev/tty. What a terminal is like is told by <see cref="TerminalInspector"/>.</summary>
internal sealed class TerminalKind(Duplicates duplicates) : IFileKind
{
    private readonly Dictionary<ulong, TerminalUse> _terminals = [];
    private readonly ulong _fileSystem = FileStat.TryOf(TerminalNames.Directory)?.Device ?? 0;

    /// <summary>Terminals found so far.</summary>
    public IReadOnlyCollection<TerminalUse> Uses => _terminals.Values;

    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) => descriptor.Stat.Type == FileFlag.S_IFCHR
        && (TerminalNames.IsSlave(descriptor.Stat.DeviceNode) || descriptor.Stat.DeviceNode == TerminalNames.Current || descriptor.Stat.DeviceNode == TerminalNames.MasterMaker
            || IsControlling(descriptor));

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        image.Kind = OpenFile.Types.Kind.Terminal;
        if ((descriptor.Flags & FileFlag.O_PATH) != 0)
        {
            return $"the terminal {descriptor.Target}, opened with O_PATH";
        }

        using var duplicate = duplicates.TryTake(descriptor);
        if (duplicate is null)
        {
            // Closed meanwhile: only in preflight, where the process runs on.
            return null;
        }

        var file = new TerminalFile { End = EndOf(descriptor) };
        var device = DeviceOf(duplicate, descriptor, file);
        if (!IsOfThisSystem(descriptor, file.End, device))
        {
            return $"the terminal {descriptor.Target}, which is not one of {TerminalNames.Directory}";
        }

        file.Terminal = Enter(device, file, descriptor).Image.Id;
        image.Terminal = file;
        return null;
    }

    /// <summary>True for the console or line that the process was started in: for others it is only a device.</summary>
    private static bool IsControlling(OpenDescriptor descriptor) => TerminalNames.IsHardware(descriptor.Stat.DeviceNode)
        && ProcFs.TryStat(descriptor.Process) is { TtyNr: not 0 and var number } && TerminalNames.Decode(number) == descriptor.Stat.DeviceNode;

    private static TerminalFile.Types.End EndOf(OpenDescriptor descriptor) =>
        descriptor.Stat.DeviceNode == TerminalNames.MasterMaker ? TerminalFile.Types.End.Master
        : descriptor.Stat.DeviceNode == TerminalNames.Current ? TerminalFile.Types.End.Current : TerminalFile.Types.End.Slave;

    /// <summary>Device number of the slave; 0 where the file is hung up and was opened as /dev/tty.</summary>
    private static ulong DeviceOf(SafeFd duplicate, OpenDescriptor descriptor, TerminalFile file)
    {
        if (TerminalCalls.TryDevice(duplicate) is { } device)
        {
            return device;
        }

        file.IsHungUp = true;
        return file.End == TerminalFile.Types.End.Slave ? descriptor.Stat.DeviceNode : 0;
    }

    private bool IsOfThisSystem(OpenDescriptor descriptor, TerminalFile.Types.End end, ulong device) => end switch
    {
        TerminalFile.Types.End.Master => descriptor.Target is "/dev/ptmx" or $"{TerminalNames.Directory}/ptmx",
        TerminalFile.Types.End.Current => descriptor.Target == "/dev/tty",
        // What is behind the name of one that is hung up is " (deleted)".
        _ => TerminalNames.IsHardware(device) || (descriptor.Stat.Device == _fileSystem
            && descriptor.Target.StartsWith(string.Create(CultureInfo.InvariantCulture, $"{TerminalNames.Directory}/{TerminalNames.NumberOf(device)}"), StringComparison.Ordinal)),
    };

    private TerminalUse Enter(ulong device, TerminalFile file, OpenDescriptor descriptor)
    {
        if (!_terminals.TryGetValue(device, out var use))
        {
            use = new TerminalUse(new Terminal { Id = (uint)_terminals.Count + 1, Device = device }, descriptor);
            _terminals.Add(device, use);
        }

        if (file.End == TerminalFile.Types.End.Master)
        {
            use.Master = descriptor;
        }
        else if (!file.IsHungUp)
        {
            use.Slave = descriptor;
        }

        return use;
    }
}
