namespace Checkpointer.Engine.Tests.Support;

/// <summary>A directory of one test, removed with all that is in it.</summary>
internal sealed class Scratch : IDisposable
{
    private readonly string _directory;

    /// <summary>On the disk that temporary files are on.</summary>
    public Scratch() => _directory = Directory.CreateTempSubdirectory("checkpointer-engine-").FullName;

    /// <summary>On the file system of <paramref name="parent"/>.</summary>
    public Scratch(string parent) =>
        _directory = Directory.CreateDirectory(Path.Combine(parent, $"checkpointer-engine-{Guid.NewGuid():N}")).FullName;

    /// <summary>Path of a file or directory in it.</summary>
    public string this[string name] => Path.Combine(_directory, name);

    /// <summary>Its own path.</summary>
    public override string ToString() => _directory;

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
