using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Task = Checkpointer.Engine.Interop.Task;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Makes the processes of a job, each with its PID, parent, session and process group, and those that have ended. All are copies of the stub still, or of one that has
/// its memory already and shares it.
/// </summary>
internal sealed class TreeBuilder(
    GenerationImages images, ControllingTerminals terminals, MemoryBuilder memory, ShellJob shellJob, TimeSpan timeout, Action<string> step)
{
    private const ulong PageBytes = 4096;
    private const ulong HoleStep = 1 << 20;
    private const ulong LowestHole = 0x1000_0000;
    private const ulong HighestHole = 0x7f00_0000_0000;

    // The vDSO and its data are parked behind the gate while the address space is rebuilt; they are a few pages.
    internal const ulong ParkBytes = 256 * 1024;

    /// <summary>Address range that the gate and the parking area take in all processes.</summary>
    internal const ulong HoleBytes = Gate.Bytes + ParkBytes;

    /// <summary>Makes the tree; every process that exists is in <paramref name="processes"/>, also where this throws.</summary>
    public void Build(Stub stub, List<RestoredProcess> processes)
    {
        var gate = MapGate(stub);
        step("make the root process");
        var root = MakeRoot(stub, gate);
        processes.Add(root);
        if (shellJob.StaysInOurSession)
        {
            root.Call("setpgid", Sys.Setpgid, 0, 0);
        }
        else
        {
            root.Call("setsid", Sys.Setsid);
            terminals.Give(root);
        }

        new TreeMaker(images, root, terminals, memory, timeout, step).Make(processes);
        terminals.Complete(processes);
        foreach (var process in processes.Where(process => process.Images.Process.IsStopped))
        {
            step($"stop process {process.Id}");
            new StopBuilder(process, timeout).Stop(processes.Find(parent => parent.Id.Value == process.Images.Process.ParentPid));
        }
    }

    private Gate MapGate(Stub stub)
    {
        var hole = FindHole(ProcFs.Maps(stub.Tracee.Process));
        using var injection = SyscallInjection.Through(stub.SyscallInstruction, stub.Tracee, stub.Tracee.GetRegisters(), 0, timeout, step);
        injection.Call(
            Sys.Mmap, hole, HoleBytes, Gate.Protection, Gate.MapFlags | Memory.MAP_FIXED_NOREPLACE, ulong.MaxValue, 0).OrThrow("mmap of the gate in the stub");
        var gate = new Gate(new RemotePtr(hole));
        stub.Memory.Write(gate.Base, GateCode.Bytes);
        return gate;
    }

    /// <summary>An address range that is free in the stub and in every process of the job.</summary>
    private ulong FindHole(IReadOnlyList<Vma> stubMappings)
    {
        var taken = stubMappings.Select(vma => (vma.Start, vma.End))
            .Concat(images.Processes.SelectMany(process => process.Space.Mappings).Select(mapping => (mapping.Start, mapping.End)))
            .Concat(images.Processes.Select(process => (Start: process.Space.StartBrk, End: process.Space.Brk + PageBytes)))
            .OrderBy(range => range.Start).ToList();
        var hole = LowestHole;
        foreach (var (start, end) in taken)
        {
            if (start >= hole + HoleBytes + HoleStep)
            {
                break;
            }

            hole = Math.Max(hole, ((end + HoleStep) / HoleStep * HoleStep) + HoleStep);
        }

        return hole < HighestHole ? hole : throw new EngineException(EngineFailure.Failed, "The job's address spaces leave no room for the gate.");
    }

    private RestoredProcess MakeRoot(Stub stub, Gate gate)
    {
        var image = images.Root;
        // CLONE_PARENT: the root is our child and not the stub's, which goes away; the exit signal is the stub's, SIGCHLD.
        clone_args arguments = new() { flags = Task.CLONE_PARENT };
        var tracee = Cloner.Clone(stub.Tracee, stub.Memory, gate, arguments, image.Process.Pid, new ProcessId(image.Process.Pid), timeout, step);
        return new RestoredProcess(image, tracee, gate, timeout, step);
    }
}
