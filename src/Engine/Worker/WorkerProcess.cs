using System.Collections;
using System.Runtime.InteropServices;
using System.Text;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Restore;
using Checkpointer.Engine.Support;
using Task = Checkpointer.Engine.Interop.Task;

namespace Checkpointer.Engine.Worker;

/// <summary>
/// Another process of this program in the namespaces of a job, where all PIDs and clocks are those that the job sees: what it dumps and restores needs no
/// translation. It talks with us over a socket, ends when that is closed, and is killed by the kernel when the thread ends that started it.
/// </summary>
/// <remarks>We cannot enter a PID or time namespace ourselves, so the stub of a restore does: it makes or enters the namespaces, and what it clones is in them.</remarks>
internal sealed class WorkerProcess : IDisposable
{
    // Above all that is inherited, while numbers are put in order.
    private const ulong Aside = 500;

    // Its runtime makes no pipes and sockets for debuggers: a worker often ends by SIGKILL, and they would stay in /tmp.
    private const string Diagnostics = "DOTNET_EnableDiagnostics";

    // What a worker needs to say goodbye: to unmap what it holds, not to work.
    private static readonly TimeSpan _farewell = TimeSpan.FromSeconds(10);

    private ProcessId? _worker;

    private WorkerProcess(WorkerChannel channel, PrivateInit? init)
    {
        Channel = channel;
        Init = init;
    }

    /// <summary>The way to it.</summary>
    public WorkerChannel Channel { get; }

    /// <summary>The init of its PID namespace, where one was made.</summary>
    public PrivateInit? Init { get; private set; }

    /// <summary>Starts one. Precondition: runs on a thread that outlives it.</summary>
    public static WorkerProcess Start(NamespacePlan plan, bool isVerbose, TimeSpan timeout)
    {
        var (ours, theirs) = SocketCalls.MakeChannel();
        using var end = theirs;
        using var host = OwnFd.Open("/proc", FileFlag.O_RDONLY | FileFlag.O_DIRECTORY);
        using var stub = Stub.Start(timeout);
        using var calls = StubCalls.Of(stub, timeout);
        // As long as the stub, and not yet the worker, knows us by our number.
        var us = calls.Call("pidfd_open", Sys.PidfdOpen, (ulong)Environment.ProcessId, 0);
        Enter(calls, plan);
        var process = new WorkerProcess(new WorkerChannel(ours), plan.MakesPids ? MakeInit(calls, plan.FirstPid) : null);
        try
        {
            using var worker = calls.Clone(OurChild);
            process._worker = worker.Tracee.Process;
            Equip(worker, us, end, host);
            Execute(worker, isVerbose);
            return process;
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    // CLONE_PARENT: the stub goes away, and what it makes is ours.
    private static clone_args OurChild => new() { flags = Task.CLONE_PARENT };

    /// <summary>Waits until it has ended by itself.</summary>
    public void Finish()
    {
        Channel.Dispose();
        if (_worker is { } worker && Children.ReapWithin(worker, _farewell))
        {
            _worker = null;
        }
    }

    /// <summary>Ends what is left of it, and all that is in its PID namespace where its init was not let go.</summary>
    public void Dispose()
    {
        Channel.Dispose();
        Init?.End();
        if (_worker is { } worker)
        {
            // Before the init, which cannot end as long as somebody in its namespace is not reaped.
            Children.KillAndReap(worker);
            _worker = null;
        }

        Init?.Dispose();
        Init = null;
    }

    private static void Enter(StubCalls calls, NamespacePlan plan)
    {
        var opened = plan.Names.Select(name => calls.Call($"open of {name}", Sys.Open, calls.Text($"/proc/{plan.Joined}/ns/{name}"), FileFlag.O_RDONLY, 0)).ToList();
        opened.ForEach(file => calls.Call("setns", Sys.Setns, file, 0));
        if (plan.NewFlags != 0)
        {
            calls.Call("unshare", Sys.Unshare, plan.NewFlags);
        }

        if (plan.Clocks is { } clocks)
        {
            File.WriteAllText(ProcFs.PathOf(calls.Tracee.Process, ClockOffsets.File), clocks.Text());
        }

        if (plan.MakesPids)
        {
            // What is mounted and unmounted on the host comes through; our /proc stays with us.
            calls.Call("mount(MS_SLAVE)", Sys.Mount, calls.Text("none"), calls.Text("/"), 0, MountFlag.MS_REC | MountFlag.MS_SLAVE, 0);
        }
    }

    private static PrivateInit MakeInit(StubCalls calls, int lastPid)
    {
        var init = new PrivateInit(calls.Clone(OurChild));
        try
        {
            init.Equip(lastPid);
            return init;
        }
        catch
        {
            init.Dispose();
            throw;
        }
    }

    private static void Equip(StubCalls worker, ulong us, SafeFd channel, SafeFd host)
    {
        worker.Call("prctl(PR_SET_PDEATHSIG)", Sys.Prctl, Task.PR_SET_PDEATHSIG, Signal.SIGKILL);
        // Ctrl-C in our terminal is ours to answer.
        worker.Call("setsid", Sys.Setsid);
        var taken = new[] { channel, host }.Select(file => Take(worker, us, file)).ToList();
        worker.Call("dup3", Sys.Dup3, taken[0], WorkerChannel.Number, 0);
        worker.Call("dup3", Sys.Dup3, taken[1], WorkerChannel.HostProcNumber, 0);
        worker.Call("close_range", Sys.CloseRange, WorkerChannel.HostProcNumber + 1, uint.MaxValue, 0);
    }

    /// <summary>A descriptor of ours in the worker.</summary>
    private static ulong Take(StubCalls worker, ulong us, SafeFd file)
    {
        var got = worker.Call("pidfd_getfd", Sys.PidfdGetfd, us, (ulong)file.Number, 0);
        return worker.Call("fcntl(F_DUPFD)", Sys.Fcntl, got, FileFlag.F_DUPFD, Aside);
    }

    private static void Execute(StubCalls worker, bool isVerbose)
    {
        var program = Environment.ProcessPath ?? throw new EngineException(EngineFailure.Failed, "The path of this program is not known.");
        List<string> words = [program];
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            words.Add(Environment.GetCommandLineArgs()[0]);
        }

        words.Add(EngineWorker.Word);
        if (isVerbose)
        {
            words.Add(EngineWorker.Verbose);
        }

        var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Where(entry => !Diagnostics.Equals(entry.Key)).Select(entry => $"{entry.Key}={entry.Value}")
            .Append($"{Diagnostics}=0").ToList();
        var texts = words.Concat(variables).Select(text => Encoding.UTF8.GetBytes(text + '\0')).ToList();
        var pointers = texts.Count + 2;
        var bytes = (pointers * sizeof(ulong)) + texts.Sum(text => text.Length);
        var at = worker.Bring(address => Lay(address, texts, words.Count), bytes);
        worker.Execute(at + ((ulong)pointers * sizeof(ulong)), at, at + ((ulong)(words.Count + 1) * sizeof(ulong)));
    }

    /// <summary>argv, a null, envp, a null, and the strings that they point to.</summary>
    private static byte[] Lay(ulong address, List<byte[]> texts, int words)
    {
        var pointers = new List<ulong>();
        var next = address + ((ulong)(texts.Count + 2) * sizeof(ulong));
        foreach (var text in texts)
        {
            if (pointers.Count == words)
            {
                pointers.Add(0);
            }

            pointers.Add(next);
            next += (ulong)text.Length;
        }

        while (pointers.Count < texts.Count + 2)
        {
            pointers.Add(0);
        }

        return [.. MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(pointers)), .. texts.SelectMany(text => text)];
    }
}
