using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Checkpointer.Engine.Tests.Proc;

/// <summary>The readers on the files of this kernel and of this process.</summary>
[Trait("kind", "unit")]
public sealed class ProcFsTests
{
    private static readonly ProcessId _self = new(Environment.ProcessId);

    /// <summary>Above every pid_max (4194304).</summary>
    private static readonly ProcessId _nobody = new(int.MaxValue);

    public static TheoryData<string> Files => [.. _requiring.Keys];

    private static readonly Dictionary<string, (Func<ProcessId, object> Get, Func<ProcessId, object?> TryGet)> _requiring = new()
    {
        ["stat"] = (ProcFs.Stat, ProcFs.TryStat),
        ["status"] = (ProcFs.Status, ProcFs.TryStatus),
        ["smaps"] = (ProcFs.Smaps, ProcFs.TrySmaps),
        ["maps"] = (ProcFs.Maps, ProcFs.TryMaps),
        ["limits"] = (ProcFs.Limits, ProcFs.TryLimits),
        ["timers"] = (ProcFs.Timers, ProcFs.TryTimers),
        ["cgroup"] = (ProcFs.Cgroups, ProcFs.TryCgroups),
        ["mountinfo"] = (ProcFs.Mounts, ProcFs.TryMounts),
        ["task"] = (ProcFs.Threads, ProcFs.TryThreads),
        ["fd"] = (ProcFs.FileDescriptors, ProcFs.TryFileDescriptors),
        ["cmdline"] = (ProcFs.CommandLine, ProcFs.TryCommandLine),
        ["thread stat"] = (pid => ProcFs.Stat(pid, pid.Leader), pid => ProcFs.TryStat(pid, pid.Leader)),
        ["thread status"] = (pid => ProcFs.Status(pid, pid.Leader), pid => ProcFs.TryStatus(pid, pid.Leader)),
        ["children"] = (pid => ProcFs.Children(pid.Leader), pid => ProcFs.TryChildren(pid.Leader)),
        ["fdinfo"] = (pid => ProcFs.FdInfo(pid, 0), pid => ProcFs.TryFdInfo(pid, 0)),
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void File_OfThisProcess_IsRead(string file)
    {
        Assert.NotNull(_requiring[file].Get(_self));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void File_OfAbsentProcess_IsNullOrThrows(string file)
    {
        var failure = Assert.Throws<EngineException>(() => _requiring[file].Get(_nobody));

        Assert.Equal(EngineFailure.NoSuchProcess, failure.Reason);
        Assert.Null(_requiring[file].TryGet(_nobody));
    }

    [Fact]
    public void StatAndStatus_OfThisProcess_Agree()
    {
        ProcStat stat = ProcFs.Stat(_self);
        ProcStatus status = ProcFs.Status(_self);

        Assert.Equal((_self.Value, stat.ParentPid, stat.Comm), (status.Tgid, status.PPid, status.Name));
        Assert.InRange(status.PopulatedBytes, 1, long.MaxValue);
    }

    [Fact]
    public void Smaps_OfThisProcess_HasWhatEveryProcessHas()
    {
        IReadOnlyList<Vma> vmas = ProcFs.Smaps(_self);

        Assert.Single(vmas, vma => vma.IsVdso);
        Assert.True(Assert.Single(vmas, vma => vma.IsStack).VmFlags.HasFlag(VmaFlags.GrowsDown));
        Assert.All(vmas, vma => Assert.Equal("", vma.UnknownFlags));

        // The kernel tells a page of them at a time, and other tests map and unmap here meanwhile: what moves between two pages may come twice.
        Assert.Contains(Enumerable.Range(0, 10), _ => IsInOrder(ProcFs.Smaps(_self)));
    }

    [Fact]
    public void Files_OfEveryProcessHere_AreUnderstood()
    {
        int read = 0;
        foreach (int pid in ProcFile.TryListNumbers("/proc")!)
        {
            read += ReadAll(new ProcessId(pid)) ? 1 : 0;
        }

        Assert.InRange(read, 1, int.MaxValue);
    }

    [Fact]
    public void FdInfo_OfOpenFile_GivesPositionAndFlags()
    {
        string path = Path.GetTempFileName();
        using FileStream file = File.OpenWrite(path);
        file.Write("12345"u8);
        file.Flush();
        int descriptor = Assert.Single(ProcFs.FileDescriptors(_self), fd => ProcFs.ReadLink(ProcFs.PathOf(_self, $"fd/{fd}")) == path);

        FdInfo info = ProcFs.FdInfo(_self, descriptor);
        File.Delete(path);

        const int AccessMode = 3; // O_ACCMODE; 1 is O_WRONLY
        Assert.Equal(1, info.Flags & AccessMode);
        Assert.Equal($"{path} (deleted)", ProcFs.ReadLink(ProcFs.PathOf(_self, $"fd/{descriptor}")));
    }

    [Fact]
    public void FileDescriptors_AreAscending()
    {
        IReadOnlyList<int> descriptors = ProcFs.FileDescriptors(_self);

        Assert.Equal(descriptors.Order(), descriptors);
    }

    [Fact]
    public void ReadLink_OfPipe_IsTheLinksOwnText()
    {
        using var pipe = new System.IO.Pipes.AnonymousPipeServerStream();
        long descriptor = pipe.SafePipeHandle.DangerousGetHandle();

        Assert.Matches("^pipe:\\[[0-9]+\\]$", ProcFs.ReadLink($"/proc/self/fd/{descriptor}"));
    }

    [Fact]
    public void ReadLink_Absent_IsNull()
    {
        Assert.Null(ProcFs.ReadLink("/proc/self/fd/1000000"));
    }

    [Fact]
    public void ReadLink_OfNoLink_Throws()
    {
        Assert.ThrowsAny<EngineException>(() => ProcFs.ReadLink("/proc/self/stat"));
    }

    [Fact]
    public void CommandLine_OfKernelThreadOrProcess_IsNeverEmpty()
    {
        Assert.Contains("dotnet", ProcFs.CommandLine(_self), StringComparison.Ordinal);
        Assert.NotEqual("", ProcFs.CommandLine(new ProcessId(1)));
    }

    [Fact]
    public void IdentityOf_ThisProcess_IsStable()
    {
        ProcessIdentity? identity = ProcFs.IdentityOf(_self);

        Assert.NotNull(identity);
        Assert.Equal((_self, 36), (identity.Pid, identity.BootId.Length));
        Assert.Equal(identity, ProcFs.IdentityOf(_self));
    }

    [Fact]
    public void IdentityOf_AbsentProcess_IsNull()
    {
        Assert.Null(ProcFs.IdentityOf(_nobody));
    }

    [Fact]
    public void Read_AfterTheThreadHasExited_CountsAsGone()
    {
        using SafeFileHandle stat = OpenStatOfExitedThread();

        var failure = Assert.Throws<IOException>(() => RandomAccess.Read(stat, new byte[64], 0));

        Assert.True(ProcFile.IsGone(failure), $"{failure.HResult}: {failure}");
    }

    private static SafeFileHandle OpenStatOfExitedThread()
    {
        SafeFileHandle? stat = null;
        string link = "";
        var thread = new Thread(() =>
        {
            link = ProcFs.ReadLink("/proc/thread-self")!;
            stat = File.OpenHandle($"/proc/{link}/stat");
        });
        thread.Start();
        thread.Join();

        // Join returns a moment before the kernel has let the thread go.
        Assert.True(SpinWait.SpinUntil(() => !Directory.Exists($"/proc/{link}"), TimeSpan.FromSeconds(30)), link);
        return stat!;
    }

    private static bool IsInOrder(IReadOnlyList<Vma> vmas) => vmas.OrderBy(vma => vma.Start).SequenceEqual(vmas);

    private static bool ReadAll(ProcessId pid)
    {
        try
        {
            bool isThere = true;
            foreach ((_, Func<ProcessId, object?> tryGet) in _requiring.Values)
            {
                isThere &= tryGet(pid) is not null;
            }

            return isThere;
        }
        catch (EngineException failure) when (failure.Reason == EngineFailure.NotPermitted)
        {
            return false; // of another user, where the tests do not run as root
        }
    }
}
