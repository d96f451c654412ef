using System.Text.Json;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Worker;
using Xunit;

namespace Checkpointer.Engine.Tests.Worker;

[Trait("kind", "unit")]
public sealed class WorkerClientTests : IDisposable
{
    private readonly WorkerChannel _ours;
    private readonly WorkerChannel _theirs;

    public WorkerClientTests()
    {
        var (first, second) = SocketCalls.MakeChannel();
        (_ours, _theirs) = (new WorkerChannel(first), new WorkerChannel(second));
    }

    public void Dispose()
    {
        _ours.Dispose();
        _theirs.Dispose();
    }

    [Fact]
    public void Sink_OfWorker_GetsImagesAndInterleavedContents()
    {
        var sink = new RecordingSink();
        using var attendant = new WorkerAttendant(_ours, sink, null, null);

        var answer = AsWorker(
            () =>
            {
                var far = new ChannelSink(_theirs, hasBase: true);
                far.PutImage("process/7", "image"u8);
                using var first = far.OpenPages("memory/7");
                using var second = far.OpenPages("shared/1");
                first.Write(4096, new byte[4096]);
                second.Write(0, 8192, (address, target) => target.Fill((byte)(address / 4096)));
                first.Clear(8192, 4096);
            },
            () => new WorkerClient(_ours).Ask<bool>(new WorkerRequest(WorkerTask.Dump), attendant, CancellationToken.None));

        Assert.True(answer);
        Assert.Equal(
            ["image process/7 5", "open memory/7", "open shared/1", "memory/7 write 4096 4096", "shared/1 write 0 8192", "memory/7 clear 8192 4096", "close shared/1", "close memory/7"],
            sink.Calls);
    }

    [Fact]
    public void Ask_WhereOurSinkFails_CancelsTheWorkerAndThrowsWhatTheSinkThrew()
    {
        var sink = new RecordingSink { Failure = new IOException("disk full") };
        using var attendant = new WorkerAttendant(_ours, sink, null, null);
        var kinds = new List<FrameKind>();

        var failure = Assert.Throws<IOException>(() => AsWorker(
            () =>
            {
                new ChannelSink(_theirs, hasBase: false).PutImage("inventory", "x"u8);
                kinds.Add(_theirs.Receive()!.Value.Kind);
                throw new OperationCanceledException();
            },
            () => new WorkerClient(_ours).Ask<bool>(new WorkerRequest(WorkerTask.Dump), attendant, CancellationToken.None)));

        Assert.Equal("disk full", failure.Message);
        Assert.Equal([FrameKind.Cancel], kinds);
    }

    [Fact]
    public void Ask_WhereTheWorkerRefuses_ThrowsTheSameFindings()
    {
        Finding[] findings = [new(7, "descriptor", "It cannot be carried.", FindingSeverity.Refusal)];

        var failure = Assert.Throws<UnsupportedResourceException>(() => AsWorker(
            () => throw new UnsupportedResourceException(findings),
            () => new WorkerClient(_ours).Ask<bool>(new WorkerRequest(WorkerTask.Dump), null, CancellationToken.None)));

        Assert.Equal(findings, failure.Findings);
    }

    [Fact]
    public void Ask_WhereTheWorkerDies_Fails()
    {
        _theirs.Dispose();

        var failure = Assert.Throws<EngineException>(() => new WorkerClient(_ours).Ask<bool>(new WorkerRequest(WorkerTask.Check), null, CancellationToken.None));

        Assert.Equal(EngineFailure.Failed, failure.Reason);
    }

    [Fact]
    public void Request_KeepsWhatItSays()
    {
        var request = new WorkerRequest(WorkerTask.Dump)
        {
            Root = 7,
            Cgroup = "/c",
            Choices = new DumpChoices(true, TcpChoice.Close),
            Files = new FilePolicy { Files = FileChoice.Sizes, Paths = ["/a"] },
            Options = new EngineOptions { Nice = 3, FreezeTimeout = TimeSpan.FromSeconds(2) },
            Process = new ProcessIdentity(new ProcessId(7), 9, "boot"),
        };

        var read = JsonSerializer.Deserialize<WorkerRequest>(JsonSerializer.SerializeToUtf8Bytes(request))!;

        Assert.Equal((request.Task, request.Root, request.Cgroup, request.Choices, request.Process), (read.Task, read.Root, read.Cgroup, read.Choices, read.Process));
        Assert.Equal((FileChoice.Sizes, "/a", 3, TimeSpan.FromSeconds(2)), (read.Files.Files, read.Files.Paths.Single(), read.Options.Nice, read.Options.FreezeTimeout));
    }

    /// <summary>Runs one request with a worker of a thread.</summary>
    private T AsWorker<T>(Action work, Func<T> ask)
    {
        var worker = new Thread(() =>
        {
            _ = _theirs.Receive();
            try
            {
                work();
                _theirs.SendJson(FrameKind.Reply, true);
            }
            catch (Exception exception) when (exception is OperationCanceledException or EngineException)
            {
                _theirs.SendJson(FrameKind.Failure, WorkerFailure.Of(exception));
            }
        });
        worker.Start();
        try
        {
            return ask();
        }
        finally
        {
            worker.Join();
        }
    }

    private sealed class RecordingSink : ICheckpointSink
    {
        public List<string> Calls { get; } = [];

        public Exception? Failure { get; init; }

        public bool HasBase => true;

        public void PutImage(string name, ReadOnlySpan<byte> image)
        {
            if (Failure is not null)
            {
                throw Failure;
            }

            Calls.Add($"image {name} {image.Length}");
        }

        public IPageSink OpenPages(string name)
        {
            Calls.Add($"open {name}");
            return new Pages(Calls, name);
        }

        private sealed class Pages(List<string> calls, string name) : IPageSink
        {
            public void Write(ulong address, ReadOnlySpan<byte> pages) => calls.Add($"{name} write {address} {pages.Length}");

            public void Write(ulong address, long bytes, PageFill fill) => throw new NotSupportedException();

            public void Clear(ulong address, ulong length) => calls.Add($"{name} clear {address} {length}");

            public void Dispose() => calls.Add($"close {name}");
        }
    }
}
