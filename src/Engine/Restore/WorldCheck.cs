using System.Buffers.Binary;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Proc;
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

    // What programs and libraries look for when they start, and use from then on without looking again, by its names in /proc/cpuinfo. The other names there are
    // of no matter to programs, or change with the kernel.
    private static readonly HashSet<string> _instructions =
    [
        "cx16", "popcnt", "pni", "ssse3", "sse4_1", "sse4_2", "sse4a", "movbe", "aes", "pclmulqdq", "sha_ni", "rdrand", "rdseed", "fsgsbase", "bmi1", "bmi2", "abm", "adx", "erms", "fsrm",
        "f16c", "fma", "fma4", "xop", "avx", "avx2", "avx_vnni", "avx_ifma", "vaes", "vpclmulqdq", "gfni", "avx512f", "avx512dq", "avx512ifma", "avx512cd", "avx512bw", "avx512vl",
        "avx512vbmi", "avx512_vbmi2", "avx512_vnni", "avx512_bitalg", "avx512_vpopcntdq", "avx512_bf16", "avx512_fp16", "avx512_vp2intersect", "amx_tile", "amx_int8", "amx_bf16",
        "rtm", "hle", "clflushopt", "clwb", "prefetchwt1", "movdiri", "movdir64b", "serialize", "waitpkg", "rdpid", "rdtscp", "cldemote",
    ];

    /// <summary>Throws WorldChanged where the job could not go on rightly.</summary>
    /// <param name="images">The generation.</param>
    /// <param name="keepFiles">Files are left as they are.</param>
    public static void Require(GenerationImages images, bool keepFiles = false)
    {
        RequireInstructions(images.Inventory, ProcFs.CpuFlags());
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

    /// <summary>Throws WorldChanged where the CPU lacks instructions that the one of the dump had.</summary>
    public static void RequireInstructions(Inventory inventory, IReadOnlyList<string> now)
    {
        var missing = inventory.CpuFlags.Where(_instructions.Contains).Except(now).ToList();
        if (missing.Count > 0)
        {
            throw new EngineException(
                EngineFailure.WorldChanged,
                $"This CPU lacks {string.Join(", ", missing)}, which the one of the dump had; programs choose their code by that when they start.",
                "restore on a machine with the same kind of CPU, or a newer one");
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
