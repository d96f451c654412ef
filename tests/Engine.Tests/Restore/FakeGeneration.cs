using Checkpointer.Engine.Images;
using Google.Protobuf;

namespace Checkpointer.Engine.Tests.Restore;

/// <summary>A generation of two processes, of three threads and one, that tests then damage.</summary>
internal sealed class FakeGeneration : ICheckpointSource
{
    public const int RootPid = 4000;
    public const int ChildPid = 4010;

    /// <summary>Encoded images by name.</summary>
    public Dictionary<string, byte[]> Images { get; } = [];

    /// <summary>Pages by name of the content, ascending.</summary>
    public Dictionary<string, List<(ulong Address, byte[] Bytes)>> Pages { get; } = [];

    public string Name => "job/7";

    public IReadOnlyCollection<string> ImageNames => Images.Keys;

    public static FakeGeneration Sound()
    {
        var generation = new FakeGeneration();
        generation.Put(ImageVersion.Inventory, new Inventory
        {
            Version = ImageVersion.Current,
            Architecture = ImageVersion.Architecture,
            KernelRelease = "6.18.0",
            BootId = "8d1f",
            CpuStateFeatures = 0x2e7,
            CpuStateBytes = 2696,
            Processes = { RootPid, ChildPid },
            SharedMemory = { new SharedMemory { Id = 1, Bytes = 8192, Path = ByteString.CopyFromUtf8("/data/shared") } },
            CpuFlags = { "fpu", "avx2" },
        });
        generation.Put(ImageVersion.Files, new Files
        {
            OpenFiles = { new OpenFile { Id = 1, Flags = 1, Path = ByteString.CopyFromUtf8("/data/log"), Bytes = 100 } },
            Tables = { new DescriptorTable { Pid = RootPid, Descriptors = { new DescriptorEntry { Number = 3, OpenFile = 1 } } } },
        });
        generation.Put(Process(RootPid, 1, RootPid, RootPid + 1, RootPid + 2));
        generation.Put(Process(ChildPid, RootPid, ChildPid));
        return generation;
    }

    public static Process Process(int pid, int parent, params int[] threads)
    {
        var process = new Process
        {
            Pid = pid,
            ParentPid = parent,
            Session = RootPid,
            ProcessGroup = RootPid,
            Umask = 18,
            ExecutableIdentity = new FileIdentity { Bytes = 1 },
        };
        process.Threads.AddRange(threads.Select(ThreadOf));
        return process;
    }

    /// <summary>Puts a process with an address space.</summary>
    public void Put(Process process)
    {
        Put(ImageVersion.Process(process.Pid), process);
        Put(ImageVersion.Memory(process.Pid), new AddressSpace { Brk = 0x5000, Mappings = { new Mapping { Start = 0x1000, End = 0x3000, Protection = 3 } } });
    }

    public void Put(string name, IMessage image) => Images[name] = image.ToByteArray();

    /// <summary>Changes one image.</summary>
    public void Change<T>(string name, MessageParser<T> parser, Action<T> change)
        where T : IMessage<T>
    {
        var image = parser.ParseFrom(Images[name]);
        change(image);
        Put(name, image);
    }

    public byte[] ReadImage(string name) => Images[name];

    public void ReadPages(string name, PageVisitor visitor) => Pages.GetValueOrDefault(name)?.ForEach(page => visitor(page.Address, page.Bytes));

    private static Engine.Images.Thread ThreadOf(int tid) => new()
    {
        Tid = tid,
        Name = ByteString.CopyFromUtf8("worker"),
        SignalMask = 5,
        CoreX64 = new CoreX64(),
        AlternateStack = new AlternateStack(),
        Scheduling = new Scheduling(),
        Credentials = new Credentials { Uids = { 0, 0, 0, 0 }, Gids = { 0, 0, 0, 0 } },
    };
}
