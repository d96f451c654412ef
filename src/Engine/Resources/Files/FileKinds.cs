using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Resources;

/// <summary>All kinds of open files, for one look at a job.</summary>
internal sealed class FileKinds
{
    private readonly IReadOnlyList<IFileKind> _kinds;

    /// <param name="job">PIDs of the job's processes, ended ones too.</param>
    /// <param name="objects">Receives files whose bytes belong to the generation.</param>
    /// <param name="duplicates">To ask what /proc does not show.</param>
    /// <param name="removed">Receives files whose names are gone.</param>
    /// <param name="findings">Receives what is carried with a difference.</param>
    public FileKinds(IReadOnlySet<int> job, SharedObjectTable objects, Duplicates duplicates, RemovedFiles removed, FindingList findings)
    {
        Pipes = new PipeKind();
        Epolls = new EpollKind();
        Sockets = new SocketKind(duplicates, findings);
        Terminals = new TerminalKind(duplicates);
        Inotifies = new InotifyKind(findings, duplicates);
        _kinds =
        [
            Pipes, new EventfdKind(), new TimerfdKind(duplicates), new SignalfdKind(), Epolls, Inotifies, new FanotifyKind(findings, duplicates), new PidfdKind(job),
            Sockets, new NamespaceKind(),
            new ProcFileKind(job, removed), new SeemingFileKind(), new RegularFileKind(objects),
            new NamedFileKind(FileFlag.S_IFDIR, OpenFile.Types.Kind.Directory, removed, duplicates),
            new NamedFileKind(FileFlag.S_IFLNK, OpenFile.Types.Kind.SymbolicLink, removed, duplicates), Terminals, new DeviceKind(removed), new ForeignKind(),
        ];
    }

    /// <summary>Pipes found so far.</summary>
    public PipeKind Pipes { get; }

    /// <summary>Epoll sets found so far.</summary>
    public EpollKind Epolls { get; }

    /// <summary>Inotify instances found so far.</summary>
    public InotifyKind Inotifies { get; }

    /// <summary>Sockets found so far.</summary>
    public SocketKind Sockets { get; }

    /// <summary>Terminals found so far.</summary>
    public TerminalKind Terminals { get; }

    /// <summary>The kind of a descriptor's file.</summary>
    public IFileKind Of(OpenDescriptor descriptor) => _kinds.First(kind => kind.Claims(descriptor));
}
