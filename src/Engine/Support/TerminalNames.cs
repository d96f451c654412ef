namespace Checkpointer.Engine.Support;

/// <summary>Names and device numbers of terminals, admin-guide/devices.txt.</summary>
internal static class TerminalNames
{
    /// <summary>Where pseudoterminals have names.</summary>
    public const string Directory = "/dev/pts";

    private const uint SlaveMajor = 136;
    private const uint ConsoleMajor = 4;
    private const uint AuxiliaryMajor = 5;
    private const uint FirstSerialLine = 64;

    /// <summary>The node that stands for the controlling terminal of whoever opens it.</summary>
    public static ulong Current { get; } = FileStat.DeviceOf(AuxiliaryMajor, 0);

    /// <summary>The node that makes pseudoterminals.</summary>
    public static ulong MasterMaker { get; } = FileStat.DeviceOf(AuxiliaryMajor, 2);

    /// <summary>True for the slave of a pseudoterminal.</summary>
    public static bool IsSlave(ulong device) => device >> 32 == SlaveMajor;

    /// <summary>True for the console, virtual terminals and serial lines.</summary>
    public static bool IsHardware(ulong device) => device >> 32 == ConsoleMajor || device == FileStat.DeviceOf(AuxiliaryMajor, 1);

    /// <summary>The slave with a number.</summary>
    public static ulong Slave(uint number) => FileStat.DeviceOf(SlaveMajor, number);

    /// <summary>The number of a device among those of its kind.</summary>
    public static uint NumberOf(ulong device) => (uint)(device & uint.MaxValue);

    /// <summary>A name for a device.</summary>
    public static string Of(ulong device)
    {
        var (major, minor) = ((uint)(device >> 32), NumberOf(device));
        return major switch
        {
            SlaveMajor => $"{Directory}/{minor}",
            ConsoleMajor when minor < FirstSerialLine => $"/dev/tty{minor}",
            ConsoleMajor => $"/dev/ttyS{minor - FirstSerialLine}",
            AuxiliaryMajor when minor == 1 => "/dev/console",
            0 => "/dev/tty",
            _ => $"terminal {major}:{minor}",
        };
    }

    /// <summary>A device number as the kernel gives it to programs (new_encode_dev), in the form of images.</summary>
    public static ulong Decode(int encoded)
    {
        var bits = unchecked((uint)encoded);
        return FileStat.DeviceOf((bits >> 8) & 0xfff, (bits & 0xff) | ((bits >> 12) & 0xfff00));
    }
}
