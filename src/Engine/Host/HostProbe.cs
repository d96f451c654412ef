using System.Runtime.InteropServices;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Restore;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Host;

/// <summary>
/// Tries by use what the engine needs from the host, on processes of its own. Precondition: runs on a tracer thread.
/// </summary>
internal sealed class HostProbe(EngineOptions options)
{
    private const string AsRoot = "run as root, or give checkpointer the capabilities SYS_PTRACE, SYS_ADMIN and CHECKPOINT_RESTORE";
    private const string NewerKernel = "use a kernel built with CONFIG_CHECKPOINT_RESTORE (all large distributions), Linux 5.13 or newer";

    private readonly List<HostCapability> _results = [];

    /// <summary>All probes, in the order of a dump and a restore.</summary>
    public IReadOnlyList<HostCapability> Run()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            Add("architecture", CapabilityState.Missing, $"This machine is {RuntimeInformation.ProcessArchitecture}.", "use an x86-64 machine");
            return _results;
        }

        Add("architecture", CapabilityState.Works, $"x86-64, Linux {ProcFs.KernelRelease()}");
        ProbeRights();
        ProbeFiles();
        ProbeStub();
        return _results;
    }

    private void ProbeRights()
    {
        const int SysResource = 24;
        var status = ProcFs.Status(new ProcessId(Libc.getpid()));
        Add(
            "user",
            status.Uid[1] == 0 ? CapabilityState.Works : CapabilityState.Degraded,
            $"Effective user {status.Uid[1]}, capabilities 0x{status.CapEff:x}.",
            status.Uid[1] == 0 ? null : AsRoot);
        var hasResource = (status.CapEff & (1ul << SysResource)) != 0;
        Add(
            "hard limits",
            hasResource ? CapabilityState.Works : CapabilityState.Degraded,
            hasResource ? "CAP_SYS_RESOURCE is there." : "Without CAP_SYS_RESOURCE a job with higher hard limits than ours cannot be restored.",
            hasResource ? null : "give checkpointer CAP_SYS_RESOURCE, or start it with hard limits as high as those of the jobs (ulimit -H)");
    }

    private void ProbeFiles()
    {
        Try("page map", CapabilityState.Missing, AsRoot, () =>
        {
            using var pages = PageMapOfOurs();
            return pages.HasScan ? "PAGEMAP_SCAN finds populated pages." : null;
        });
        if (_results[^1].State == CapabilityState.Missing && _results[^1].Remedy != AsRoot)
        {
            _results[^1] = new HostCapability(
                "page map", CapabilityState.Degraded, "This kernel has no PAGEMAP_SCAN; /proc/PID/pagemap is read instead, which freezes longer.", "Linux 6.7 has it");
        }

        Try("page tracking", CapabilityState.Degraded, "use Linux 6.7 or newer with CONFIG_USERFAULTFD; until then each dump reads all memory", () =>
            Tracking.TrackerChoice.IsLive(useWriteProtect: true) ? "Write protection tells which pages changed." : null);
        Try("exits", CapabilityState.Degraded, "use Linux 6.15 or newer, or CONFIG_PROC_EVENTS as root outside of containers; until then it is not known how a job ended that we did not start", () =>
        {
            using var exits = ExitEvents.AreNeeded ? ExitEvents.TryOpen() : null;
            return exits is not null ? "The process connector tells how processes ended." : ExitEvents.AreNeeded ? null : "Pidfds tell how processes ended.";
        });
        Try("packet filter", CapabilityState.Degraded, "use a kernel with CONFIG_NF_TABLES_INET and CAP_NET_ADMIN; without, TCP connections out of a job cannot be kept (--tcp keep)", () =>
        {
            PacketFilter.FilterTables.Try();
            return "Packets can be kept from connections (nf_tables).";
        });
        Try("map_files", CapabilityState.Missing, AsRoot, () =>
        {
            var ours = new ProcessId(Libc.getpid());
            var mapped = ProcFs.Maps(ours).First(vma => vma.Inode != 0 && vma.Path.StartsWith('/'));
            _ = FileStat.Of(ProcFs.PathOf(ours, $"map_files/{mapped.Start:x}-{mapped.End:x}"));
            return "Mapped files can be told apart and opened.";
        });
        Try("children", CapabilityState.Missing, "use a kernel with CONFIG_PROC_CHILDREN", () =>
            ProcFs.TryChildren(new ThreadId(Libc.getpid())) is null ? null : "The children of a process are listed.");
    }

    private void ProbeStub()
    {
        Stub? stub = null;
        Try("ptrace", CapabilityState.Missing, PtraceRemedy(), () =>
        {
            stub = Stub.Start(options.SyscallTimeout);
            return "A process was seized and stopped.";
        });
        if (stub is null)
        {
            return;
        }

        using (stub)
        {
            Try("rseq", CapabilityState.Missing, NewerKernel, () =>
            {
                _ = stub.Tracee.GetRseqConfiguration();
                return "Restartable sequences can be read.";
            });
            new StubProbe(stub, options.SyscallTimeout).Run(Try);
        }
    }

    private static string PtraceRemedy()
    {
        const string Yama = "/proc/sys/kernel/yama/ptrace_scope";
        return File.Exists(Yama) && File.ReadAllText(Yama).Trim() is not "0" ? $"{AsRoot}; Yama restricts ptrace: sysctl kernel.yama.ptrace_scope=0" : AsRoot;
    }

    private static Tracking.PageMap PageMapOfOurs()
    {
        var ours = new ProcessId(Libc.getpid());
        var pages = Tracking.PageMap.Open(ours);
        var stack = ProcFs.Maps(ours).First(vma => vma.IsStack);
        pages.AddOwnPages(new Tracking.PrivateMapping(new Tracking.PageRange(stack.Start, stack.End), HasFile: false, IsForked: true), []);
        return pages;
    }

    private void Try(string name, CapabilityState otherwise, string remedy, Func<string?> probe)
    {
        try
        {
            if (probe() is { } detail)
            {
                Add(name, CapabilityState.Works, detail);
                return;
            }

            Add(name, otherwise, "Missing in this kernel.", remedy == AsRoot ? NewerKernel : remedy);
        }
        catch (EngineException exception)
        {
            Add(name, otherwise, exception.Message, remedy);
        }
    }

    private void Add(string name, CapabilityState state, string detail, string? remedy = null) =>
        _results.Add(new HostCapability(name, state, detail, remedy));
}
