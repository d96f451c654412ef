using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Tracing;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>Takes the layout of a frozen process's address space; the pages are taken apart from it.</summary>
internal static class AddressSpaceCollector
{
    /// <summary>The image. Precondition: the gate is open, and no injection is.</summary>
    public static AddressSpace Collect(FrozenProcess process, IEnumerable<Mapping> mappings)
    {
        var stat = ProcFs.Stat(process.Id, process.Leader.Id);
        using var injection = process.Inject(process.Leader);
        var space = new AddressSpace
        {
            StartCode = stat.StartCode,
            EndCode = stat.EndCode,
            StartData = stat.StartData,
            EndData = stat.EndData,
            StartBrk = stat.StartBrk,
            Brk = injection.Call(Sys.Brk, 0).OrThrow("brk"),
            StartStack = stat.StartStack,
            ArgStart = stat.ArgStart,
            ArgEnd = stat.ArgEnd,
            EnvStart = stat.EnvStart,
            EnvEnd = stat.EnvEnd,
            AuxiliaryVector = ByteString.CopyFrom(ProcFs.Bytes(process.Id, "auxv")),
        };
        space.Mappings.AddRange(mappings);
        return space;
    }
}
