using System.Text.Json;
using Checkpointer.Engine;
using Checkpointer.Scheduler.Tests.Fakes;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Tests.Cli;

/// <summary>The objects of --json, byte for byte: programs depend on them.</summary>
public sealed class JsonShapeTests
{
    private const string Facts =
        """
        "created_at":"2026-01-02T03:04:05+00:00","kind":"full","tracker":"compare","capture":"copy","freeze_us":1234,"duration_ms":567,"processes":2,"threads":5,"populated_bytes":230686720,"dirty_bytes":220200960,"new_bytes":1000,"pinned":false,"note":"","damaged":false
        """;

    private readonly CommandLine _line = new();

    public JsonShapeTests()
    {
        _line.Engine.Start(4711);
        _line.Store.AddJob("md");
    }

    [Fact]
    public void Dump() => Expect(
        """{"generation":"md/1","kind":"full","tracker":"compare","capture":"copy","freeze_us":1234,"duration_ms":567,"populated_bytes":230686720,"dirty_bytes":220200960,"new_bytes":1000,"notes":[]}""",
        0, "dump", "md", "--json");

    [Fact]
    public void Dump_Refused()
    {
        _line.Engine.Findings.Add(new Finding(4711, "socket", "A \"socket\" <é>.", FindingSeverity.Refusal));

        Expect(
            """{"error":"refused: the job has state that is not carried; it was not touched","hint":"run `checkpointer check` for the list, and docs/limits.md for what is carried","exit_code":5,"findings":[{"pid":4711,"resource":"socket","severity":"refusal","sentence":"A \"socket\" <é>."}]}""",
            5, "dump", "md", "--json");
    }

    [Fact]
    public void DumpByPid_OfStranger_WritesTheDumpAlone()
    {
        _line.Engine.Start(500);

        CommandResult result = _line.Run("dump", "--pid", "500", "--stop", "--json");

        Assert.Equal(0, result.Code);
        Assert.Single(result.Out.TrimEnd().Split('\n'));
        Assert.Empty(result.Error);
    }

    [Fact]
    public void Check()
    {
        _line.Engine.Findings.Add(new Finding(4712, "tty", "Not restored.", FindingSeverity.Note));

        Expect(
            """{"pid":4711,"command":"lmp -in melt.lmp","processes":2,"threads":5,"populated_bytes":230686720,"can_dump":true,"findings":[{"pid":4712,"resource":"tty","severity":"note","sentence":"Not restored."}]}""",
            0, "check", "md", "--json");
    }

    [Fact]
    public void Register()
    {
        _line.Engine.Start(500);

        Expect(
            """{"job":"relax","pid":500,"command":"lmp -in melt.lmp","store":"/store","can_dump":true,"findings":[]}""",
            0, "register", "relax", "--pid", "500", "--json");
    }

    [Fact]
    public void Unregister() => Expect("""{"job":"md","generations":0}""", 0, "unregister", "md", "--json");

    [Fact]
    public void Jobs()
    {
        _line.Store.AddGeneration("md");
        _line.Store.AddJob("old", pid: 9, isRegistered: false);

        Expect(
            """
            {"job":"md","state":"running","registered":true,"pid":4711,"cgroup":null,"generations":1,"latest":"md/1","latest_at":"2026-01-02T03:04:05+00:00","command":"lmp -in melt.lmp","registered_at":"2026-01-02T03:04:05+00:00","policy":null,"schedule":null}
            {"job":"old","state":"gone","registered":false,"pid":9,"cgroup":null,"generations":0,"latest":null,"latest_at":null,"command":"lmp -in melt.lmp","registered_at":"2026-01-02T03:04:05+00:00","policy":null,"schedule":null}
            """,
            0, "jobs", "--json");
    }

    [Fact]
    public void Generations()
    {
        _line.Store.AddGeneration("md");

        Expect("{\"generation\":\"md/1\"," + Facts + "}", 0, "generations", "md", "--json");
    }

    [Fact]
    public void Show()
    {
        _line.Store.AddGeneration("md");

        Expect(
            "{\"record\":{\"generation\":\"md/1\"," + Facts
            + """},"pids":[4711,4712],"images":[{"name":"inventory","bytes":100},{"name":"process/4711","bytes":100},{"name":"process/4712","bytes":100}],"contents":["memory/4711"],"tree":null,"memory":null,"descriptors":null,"files":null}""",
            0, "show", "md/latest", "--json");
    }

    [Fact]
    public void Recover()
    {
        _line.Engine.Alive.Clear();
        _line.Store.AddGeneration("md");
        _line.Store.AddJob("fresh", pid: 8);
        _line.Engine.Files.Add(new FileChange("/data/out.log", "cut to 100 bytes", RolledBack: true, "cut", 17));

        Expect(
            """
            {"job":"md","status":"restored","generation":"md/1","pid":4711,"verified":true,"processes":2,"threads":5,"restored_bytes":230686720,"files_rolled_back":1,"duration_ms":0,"files":[{"path":"/data/out.log","what":"cut to 100 bytes","rolled_back":true,"action":"cut","bytes":17}],"warnings":[],"namespaces":[],"error":null,"hint":null,"exit_code":0}
            {"job":"fresh","status":"nothing","generation":null,"pid":null,"verified":false,"processes":0,"threads":0,"restored_bytes":0,"files_rolled_back":0,"duration_ms":0,"files":[],"warnings":[],"namespaces":[],"error":null,"hint":null,"exit_code":4}
            """,
            3, "recover", "--latest", "--json");
    }

    [Fact]
    public void Recover_Failed()
    {
        _line.Engine.Alive.Clear();
        _line.Store.AddGeneration("md");
        _line.Engine.DuringRestore = _ => throw new EngineException(EngineFailure.PidTaken, "PID 4711 is bash", "end bash");

        Expect(
            """{"job":"md","status":"failed","generation":null,"pid":null,"verified":false,"processes":0,"threads":0,"restored_bytes":0,"files_rolled_back":0,"duration_ms":0,"files":[],"warnings":[],"namespaces":[],"error":"PID 4711 is bash","hint":"end bash","exit_code":1}""",
            1, "recover", "--latest", "--json");
    }

    [Fact]
    public void Forget()
    {
        _line.Store.AddGeneration("md");
        _line.Store.AddGeneration("md");

        Expect(
            """
            {"generation":"md/1","created_at":"2026-01-02T03:04:05+00:00","new_bytes":1000,"kept":false,"reasons":["no rule keeps it"],"removed":true}
            {"generation":"md/2","created_at":"2026-01-02T03:04:05+00:00","new_bytes":1000,"kept":true,"reasons":["last","newest good one of a job that is not finished"],"removed":false}
            """,
            0, "forget", "md", "--keep-last", "1", "--json");
    }

    [Fact]
    public void Pin_AndUnpin()
    {
        _line.Store.AddGeneration("md");

        Expect("""{"generation":"md/1","pinned":true,"note":"why"}""", 0, "pin", "md/latest", "--note", "why", "--json");
        Expect("""{"generation":"md/1","pinned":false,"note":""}""", 0, "unpin", "md/1", "--json");
    }

    [Fact]
    public void Gc()
    {
        Expect(
            """{"dry_run":false,"generations":2,"packs":7,"live_bytes":5000,"dead_bytes":3000,"dropped_packs":2,"repacked_packs":1,"postponed_packs":1,"copied_bytes":400,"freed_bytes":2500,"damaged_packs":[],"duration_ms":0}""",
            0, "gc", "--json");
        Assert.Equal(["collect 0.5 00:10:00"], _line.Journal);
    }

    [Fact]
    public void Gc_OfADamagedPack_Warns()
    {
        _line.Store.Spoil(_line.Store.AddGeneration("md"));

        CommandResult result = _line.Run("gc", "--dry-run", "--repack", "12.5%", "--wait", "1h");

        Assert.Equal(3, result.Code);
        Assert.Equal(["collect 0.125 01:00:00 dry"], _line.Journal);
        Assert.Contains("would be dropped", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Verify()
    {
        GenerationName name = _line.Store.AddGeneration("md");
        _line.Store.AddGeneration("md");
        _line.Store.Spoil(name);

        Expect(
            """{"good":false,"packs":1,"chunks":42,"bytes":8192,"duration_ms":0,"generations":["md/1","md/2"],"damages":[{"where":"pack-1.pack offset 4096","what":"chunk hash differs","generations":["md/1"]}],"spoiled_generations":["md/1"],"unproved_packs":2,"oldest_proof":"2026-01-02T03:04:05+00:00","checksums_only":false}""",
            12, "verify", "--json");
    }

    [Fact]
    public void Export_AndImport()
    {
        _line.Store.AddGeneration("md");
        string file = Path.Combine(Directory.CreateTempSubdirectory("checkpointer-cli-").FullName, "md.export");

        Expect($$"""{"generation":"md/1","file":"{{file}}","bytes":6,"chunks":2,"duration_ms":0}""", 0, "export", "md/latest", file, "--json");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Contains("exists", _line.Run("export", "md/latest", file).Error, StringComparison.Ordinal);
        Expect("""{"generation":"other/1","source":"md/3","bytes":6,"chunks":2,"new_bytes":4096,"duration_ms":0}""", 0, "import", file, "--as", "other", "--json");
        Assert.Equal(["export md/1", "import export as other"], _line.Journal);
        Assert.Equal(1, _line.Run("import", file + ".absent", "--as", "other").Code);
        Assert.Equal(2, _line.Run("import", file, "--as", "no/job").Code);
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    [Fact]
    public void Export_ThatFails_LeavesNoFile()
    {
        _line.Store.Spoil(_line.Store.AddGeneration("md"));
        string file = Path.Combine(Directory.CreateTempSubdirectory("checkpointer-cli-").FullName, "md.export");

        Assert.Equal(12, _line.Run("export", "md/1", file).Code);

        Assert.False(File.Exists(file));
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    [Fact]
    public void Repair()
    {
        Expect(
            """{"dry_run":false,"good":true,"format_written":false,"index_rebuilt":false,"packs":3,"bytes":8192,"damages":[],"quarantined_packs":[],"saved_chunks":7,"saved_bytes":4096,"lost_chunks":0,"saved_generations":[],"lost_generations":[],"duration_ms":0}""",
            0, "repair", "--json");
        Assert.Equal(["repair 00:10:00"], _line.Journal);
    }

    [Fact]
    public void Repair_WithLosses_Warns_AndADryRunOfDamage()
    {
        _line.Store.Spoil(_line.Store.AddGeneration("md"));
        Assert.Equal(0, _line.Run("repair").Code);
        Assert.Equal(3, _line.Run("repair", "--dry-run", "--wait", "1h").Code);
        _line.Store.Spoil(_line.Store.AddGeneration("md"));

        CommandResult result = _line.Run("repair");

        Assert.Equal(3, result.Code);
        Assert.Equal(["repair 00:10:00", "repair 01:00:00 dry", "repair 00:10:00"], _line.Journal);
        Assert.Contains("saved: md/1", result.Out, StringComparison.Ordinal);
        Assert.Contains("lost: md/2", result.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("verify --share 5%", "verify all 0.05")]
    [InlineData("verify --share 1/8 --limit-rate 50MiB", "verify all 0.125 at 52428800")]
    [InlineData("verify --share 100%", "verify all")]
    [InlineData("verify --limit-rate 1000", "verify all at 1000")]
    public void Verify_OfAShare(string words, string expected)
    {
        Assert.Equal(0, _line.Run(words.Split(' ')).Code);
        Assert.Equal([expected], _line.Journal);
    }

    [Fact]
    public void Stats() => Expect(
        """{"store":"/store","jobs":1,"generations":0,"packs":1,"chunks":42,"logical_bytes":461373440,"plain_bytes":230686720,"stored_bytes":104857600,"index_bytes":65536,"dedup_ratio":2,"compression_ratio":2.2,"ratio":4.397,"growth_bytes_per_day":1048576,"free_bytes":1073741824,"days_left":1024,"per_job":[{"job":"md","generations":2,"logical_bytes":461373440,"new_bytes":104857600,"ratio":4.4,"growth_bytes_per_day":1000}]}""",
        0, "stats", "--json");

    [Fact]
    public void Doctor_FirstLine()
    {
        CommandResult result = _line.Run("doctor", "--json");

        Assert.StartsWith(
            """{"name":"ptrace","state":"works","detail":"a child was seized","remedy":null}""" + "\n", result.Out, StringComparison.Ordinal);
        Assert.All(result.Out.TrimEnd().Split('\n'), line => JsonDocument.Parse(line).Dispose());
    }

    private void Expect(string output, int code, params string[] words)
    {
        CommandResult result = _line.Run(words);

        Assert.Equal(output + "\n", result.Out);
        Assert.Equal(code, result.Code);
        Assert.Empty(result.Error);
    }
}
