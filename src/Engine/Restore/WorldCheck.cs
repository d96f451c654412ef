using System.Buffers.Binary;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Compares the outside world with what a generation relies on: executables, libraries, open files, working directories, the CPU. Everything
/// is checked before anything is changed or started.
/// </summary>
internal static class WorldCheck
{
    private const int EnabledFeaturesOffset = 464;
    private const string PutBack = "put that file back as it was, or start the job anew";

    /// <summary>Throws WorldChanged where the job could not go on rightly.</summary>
    /// <param name="images">The generation.</param>
    /// <param name="keepFiles">Files are left as they are.</param>
    public static void Require(GenerationImages images, bool keepFiles = false)
    {
        // What the restore puts back itself. The plan for it has its own checks.
        var putBack = CarriedFiles.Of(images).Where(file => file.Kind == CarriedFile.Types.Kind.Contents && !keepFiles).Select(file => file.Path).ToHashSet();
        foreach (var process in images.Processes)
        {
            if (process.Process.ExecutableMemory == 0)
            {
                RequireSame(process.Process.Executable.ToStringUtf8(), process.Process.ExecutableIdentity, "the executable");
            }

            if (process.Process.WorkingDirectoryRemoved == 0)
            {
                RequireDirectory(process.Process.WorkingDirectory.ToStringUtf8(), "a working directory");
            }

            if (!process.Process.RootDirectory.IsEmpty)
            {
                RequireDirectory(process.Process.RootDirectory.ToStringUtf8(), "a root directory");
            }

            foreach (var mapping in process.Space.Mappings.Where(mapping => mapping is { Kind: Mapping.Types.Kind.File, Identity: not null } && !putBack.Contains(mapping.Path)))
            {
                RequireSame(mapping.Path.ToStringUtf8(), mapping.Identity, "a file that the job has mapped");
            }
        }

        foreach (var file in images.Files.OpenFiles.Where(IsOpenedByName))
        {
            RequireOpenFile(file);
        }
    }

    /// <summary>Throws WorldChanged where the CPU lacks register state that the job uses.</summary>
    public static void RequireCpu(Inventory inventory, ReadOnlySpan<byte> extendedState)
    {
        var features = BinaryPrimitives.ReadUInt64LittleEndian(extendedState[EnabledFeaturesOffset..]);
        if (features == inventory.CpuStateFeatures && extendedState.Length == inventory.CpuStateBytes)
        {
            return;
        }

        throw new EngineException(
            EngineFailure.WorldChanged,
            $"The register state of this CPU (XCR0 0x{features:x}, {extendedState.Length} bytes) differs from that of the dump (0x{inventory.CpuStateFeatures:x}, {inventory.CpuStateBytes} bytes).",
            "restore on a machine with the same kind of CPU");
    }

    private static void RequireSame(string path, FileIdentity then, string what)
    {
        if (FileStat.TryOf(path) is null)
        {
            throw new EngineException(EngineFailure.WorldChanged, $"{path}, {what}, is missing.", PutBack);
        }

        if (!FileIdentities.IsSame(then, path))
        {
            throw new EngineException(EngineFailure.WorldChanged, $"{path}, {what}, was changed since the dump.", PutBack);
        }
    }

    private static void RequireDirectory(string path, string what)
    {
        if (FileStat.TryOf(path) is not { Type: Interop.FileFlag.S_IFDIR })
        {
            throw new EngineException(EngineFailure.WorldChanged, $"{path}, {what} of the job, is missing.", "make that directory and recover again");
        }
    }

    private static bool IsOpenedByName(OpenFile file) => file.SharedMemory == 0 && file.RemovedFile == 0
        && file.Kind is OpenFile.Types.Kind.Directory or OpenFile.Types.Kind.Device or OpenFile.Types.Kind.SymbolicLink;

    private static void RequireOpenFile(OpenFile file)
    {
        var path = file.Path.ToStringUtf8();
        if (FileStat.TryOf(path, followsLinks: file.Kind != OpenFile.Types.Kind.SymbolicLink) is not { } now)
        {
            throw new EngineException(EngineFailure.WorldChanged, $"{path}, which the job has open, is missing.", PutBack);
        }

        if (file.Kind == OpenFile.Types.Kind.Device && now.DeviceNode != file.DeviceNode)
        {
            throw new EngineException(EngineFailure.WorldChanged, $"{path} is another device by now.", PutBack);
        }
    }
}
