using System.Text;
using Checkpointer.Engine.Proc;
using Xunit;

namespace Checkpointer.Engine.Tests.Proc;

/// <summary>/proc/sysvipc/*, as Linux 6.18 writes them.</summary>
[Trait("kind", "unit")]
public sealed class SystemVTablesTests
{
    [Fact]
    public void Segments_OfSample_AreRead()
    {
        var segment = Assert.Single(SystemVTables.ParseSegments(Encoding.ASCII.GetBytes("""
                   key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap
            -559038737 2147450879  1640                 41060  2274  2283      3    12    34     0     0 1795342851 1795342851 1795342850                  4096                     0

            """.ReplaceLineEndings("\n"))));

        Assert.Equal(
            new SystemVSegmentEntry(new SystemVEntry(2147450879, -559038737, 0x3a0, 12, 34), 41060, 2274, 3, 1795342850), segment);
    }

    [Fact]
    public void SemaphoreSets_OfSample_AreRead()
    {
        var set = Assert.Single(SystemVTables.ParseSemaphoreSets(Encoding.ASCII.GetBytes("""
                   key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime
                     0          5   600          2     0     7     0     0 1795342851 1795342899

            """.ReplaceLineEndings("\n"))));

        Assert.Equal(new SystemVSemaphoreEntry(new SystemVEntry(5, 0, 0x180, 0, 7), 2, 1795342851, 1795342899), set);
    }

    [Fact]
    public void Queues_OfSample_AreRead()
    {
        var queue = Assert.Single(SystemVTables.ParseQueues(Encoding.ASCII.GetBytes("""
                   key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime
                    17          3   622           4          1  2274    99     1     2     0     0 1795342851         17 1795342899

            """.ReplaceLineEndings("\n"))));

        Assert.Equal(new SystemVQueueEntry(new SystemVEntry(3, 17, 0x192, 1, 2), 1, 2274, 99, 1795342851, 17), queue);
    }

    [Fact]
    public void Lines_CutShort_AreRefused() =>
        Assert.Throws<ProcFormatException>(() => SystemVTables.ParseQueues("key\n 17 3 622 4\n"u8));

    [Fact]
    public void Tables_OfThisSystem_AreRead()
    {
        Assert.NotNull(SystemVTables.Segments());
        Assert.NotNull(SystemVTables.SemaphoreSets());
        Assert.NotNull(SystemVTables.Queues());
    }
}
