using Checkpointer.EndToEnd.Tests.Support;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>Files are put back onto a disk that cannot take them: refused by name, nothing changed, and recovered once it can.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class FileDiskTests(ProgramFixture programs)
{
    [RootFact]
    public void Recover_OntoAFullDisk_IsRefusedAndSucceedsWhenThereIsRoom()
    {
        using var scene = new DiskScene(programs);
        File.Delete(scene.DataPath);
        var filler = Path.Combine(scene.Disk.Directory, "filler");
        Fill(filler);

        var refused = scene.Cli.Run("recover", scene.JobName).Expect(1).Json.Single();

        Assert.Contains("bytes are to be written to the file system of", refused.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.False(File.Exists(scene.DataPath));
        Assert.False(scene.Job.IsRunning);
        File.Delete(filler);
        scene.RecoverAndFinish();
    }

    [RootFact]
    public void Recover_OntoAReadOnlyDisk_IsRefusedAndSucceedsWhenItCanBeWritten()
    {
        using var scene = new DiskScene(programs);
        File.AppendAllText(scene.DataPath, "more");
        scene.Disk.MakeReadOnly();

        var refused = scene.Cli.Run("recover", scene.JobName).Expect(1).Json.Single();

        Assert.Contains($"{scene.DataPath} differs from the dump and cannot be written: EROFS", refused.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.EndsWith("more", File.ReadAllText(scene.DataPath), StringComparison.Ordinal);
        Assert.False(scene.Job.IsRunning);
        scene.Disk.MakeWritable();
        scene.RecoverAndFinish();
    }

    /// <summary>Takes all the room that a disk has.</summary>
    private static void Fill(string path)
    {
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        var block = new byte[4096];
        _ = Assert.Throws<IOException>(() => WriteForEver(file, block));
    }

    private static void WriteForEver(SafeFileHandle file, byte[] block)
    {
        for (long offset = 0; ; offset += block.Length)
        {
            RandomAccess.Write(file, block, offset);
        }
    }

    /// <summary>A job with all its files on a small disk, dumped and killed; its store is elsewhere.</summary>
    private sealed class DiskScene : IDisposable
    {
        private readonly string _directory = Directory.CreateTempSubdirectory("checkpointer-e2e-").FullName;

        public DiskScene(ProgramFixture programs)
        {
            Disk = new SmallDisk(_directory, mebibytes: 16);
            Cli = new Cli(_directory);
            Job = TestJob.StartProgram(programs.Executable("file_append"), Disk.Directory, "file_append");
            _ = Cli.Run("dump", "--pid", $"{Job.Pid}").Expect(0);
            Job.Kill();
        }

        public SmallDisk Disk { get; }

        public Cli Cli { get; }

        public TestJob Job { get; }

        public string JobName => $"pid-{Job.Pid}";

        public string DataPath => Job.Scratch + ".data";

        public void RecoverAndFinish()
        {
            _ = Cli.Run("recover", JobName).Expect(0);
            Job.Go(byFile: false);
            Job.WaitForLine("PASS");
            _ = Job.WaitExit();
        }

        public void Dispose()
        {
            Job.Dispose();
            Disk.Dispose();
            Directory.Delete(_directory, recursive: true);
        }
    }
}
