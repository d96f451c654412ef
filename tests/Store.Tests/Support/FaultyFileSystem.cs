using Checkpointer.Store.Files;
using Checkpointer.Store.Interop;

namespace Checkpointer.Store.Tests.Support;

/// <summary>What happens at the chosen step.</summary>
internal enum Fault
{
    /// <summary>Nothing; steps are only counted.</summary>
    None,

    /// <summary>The power fails before the step: it and all later ones do not happen. What was not synced stays.</summary>
    CrashKeepingUnsynced,

    /// <summary>The same, and what was not synced is gone: file contents, and names whose directory was not synced.</summary>
    CrashLosingUnsynced,

    /// <summary>The disk is full from this step on, until <see cref="FaultyFileSystem.Mend"/>.</summary>
    NoSpace,

    /// <summary>This one step fails with EIO.</summary>
    InputOutputError,
}

/// <summary>The real file system with one fault at one counted step, and short writes if asked for.</summary>
internal sealed class FaultyFileSystem(Fault fault, int failAt = int.MaxValue, bool shortWrites = false) : IFileSystem
{
    private readonly LinuxFileSystem _real = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _syncedBytes = [];
    private readonly List<(string Source, string Target)> _unsyncedRenames = [];
    private bool _isMended;

    public int Steps { get; private set; }

    public bool HasFailed { get; private set; }

    /// <summary>Directories that were listed, each time.</summary>
    public List<string> Listed { get; } = [];

    /// <summary>Called before the first failure, on the thread that meets it.</summary>
    public Action? BeforeFailure { get; set; }

    public void Mend() => _isMended = true;

    public IStoreFile Create(string path)
    {
        lock (_gate)
        {
            Step("create", path, needsSpace: true);
            var file = _real.Create(path);
            _syncedBytes[path] = 0;
            return new FaultyFile(this, file);
        }
    }

    public IStoreFile? OpenRead(string path) => _real.OpenRead(path) is { } file ? new FaultyFile(this, file) : null;

    public void Rename(string source, string target)
    {
        lock (_gate)
        {
            Step("rename", target, needsSpace: true);
            _real.Rename(source, target);
            _unsyncedRenames.Add((source, target));
            if (_syncedBytes.Remove(source, out var bytes))
            {
                _syncedBytes[target] = bytes;
            }
        }
    }

    public void SyncDirectory(string path)
    {
        lock (_gate)
        {
            Step("fsync directory", path, needsSpace: false);
            _real.SyncDirectory(path);
            _unsyncedRenames.RemoveAll(rename => Path.GetDirectoryName(rename.Target) == path);
        }
    }

    public void Delete(string path)
    {
        lock (_gate)
        {
            Step("delete", path, needsSpace: false);
            _real.Delete(path);
            _syncedBytes.Remove(path);
        }
    }

    public void CreateDirectory(string path)
    {
        lock (_gate)
        {
            Step("create directory", path, needsSpace: true);
            _real.CreateDirectory(path);
        }
    }

    public void Protect(string directory)
    {
        lock (_gate)
        {
            Step("chmod", directory, needsSpace: false);
            _real.Protect(directory);
        }
    }

    public bool HasDirectory(string path) => _real.HasDirectory(path);

    public IReadOnlyList<string>? List(string directory)
    {
        lock (_gate)
        {
            Listed.Add(directory);
        }

        return _real.List(directory);
    }

    public long? Length(string path) => _real.Length(path);

    // Precondition: _gate is held.
    private void Step(string operation, string path, bool needsSpace)
    {
        var step = Steps++;
        var isCrash = fault is Fault.CrashKeepingUnsynced or Fault.CrashLosingUnsynced;
        if (fault == Fault.None || step < failAt || _isMended || (fault == Fault.NoSpace && !needsSpace)
            || (fault == Fault.InputOutputError && step > failAt))
        {
            return;
        }

        if (isCrash && !HasFailed && fault == Fault.CrashLosingUnsynced)
        {
            LoseUnsynced();
        }

        if (!HasFailed)
        {
            BeforeFailure?.Invoke();
        }

        HasFailed = true;
        throw isCrash
            ? new StoreException(StoreFailure.Failed, "simulated crash")
            : FileFailure.From(operation, path, fault == Fault.NoSpace ? Errno.ENOSPC : Errno.EIO);
    }

    private void LoseUnsynced()
    {
        foreach (var (path, bytes) in _syncedBytes)
        {
            using var file = File.OpenWrite(path);
            file.SetLength(Math.Min(bytes, file.Length));
        }

        foreach (var (source, target) in Enumerable.Reverse(_unsyncedRenames))
        {
            File.Move(target, source);
        }
    }

    private sealed class FaultyFile(FaultyFileSystem owner, IStoreFile real) : IStoreFile
    {
        public string Path => real.Path;

        public long Length => real.Length;

        public int Write(long offset, ReadOnlySpan<byte> bytes)
        {
            lock (owner._gate)
            {
                owner.Step("write", Path, needsSpace: true);
                return real.Write(offset, owner.ShortWrites ? bytes[..Math.Max(1, bytes.Length / 3)] : bytes);
            }
        }

        public int Read(long offset, Span<byte> bytes) => real.Read(offset, bytes);

        public void StartWriteback(long offset, long bytes) => real.StartWriteback(offset, bytes);

        public void StartRead(long offset, long bytes) => real.StartRead(offset, bytes);

        public void DropCache() => real.DropCache();

        public void Sync()
        {
            lock (owner._gate)
            {
                owner.Step("fsync", Path, needsSpace: true);
                real.Sync();
                if (owner._syncedBytes.ContainsKey(Path))
                {
                    owner._syncedBytes[Path] = real.Length;
                }
            }
        }

        public void Dispose() => real.Dispose();
    }

    private bool ShortWrites { get; } = shortWrites;
}
