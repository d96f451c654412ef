using Checkpointer.Scheduler.Cli;
using Checkpointer.Scheduler.Tests.Fakes;

namespace Checkpointer.Scheduler.Tests.Cli;

public sealed class ParsingTests
{
    private readonly CommandLine _line = new();

    public static TheoryData<string> Verbs() => [.. VerbTable.All().Select(verb => verb.Words)];

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Help_OfVerb_HasDescriptionOptionsAndExamples(string verb)
    {
        Verb command = VerbTable.All().Single(one => one.Words == verb).Verb;

        CommandResult result = _line.Run([.. verb.Split(' '), "--help"]);

        Assert.Equal(0, result.Code);
        Assert.Contains(command.Description!, result.Out, StringComparison.Ordinal);
        Assert.Contains("--store <DIR>", result.Out, StringComparison.Ordinal);
        Assert.Contains("Examples:", result.Out, StringComparison.Ordinal);
        Assert.All(command.Options, option => Assert.Contains(option.Name, result.Out, StringComparison.Ordinal));
        Assert.NotEmpty(command.Examples);
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Examples_OfVerb_AreLegalCommandLines(string verb)
    {
        var root = new RootVerb();
        Verb command = VerbTable.All().Single(one => one.Words == verb).Verb;

        Assert.All(command.Examples, example =>
        {
            Assert.StartsWith(verb + " ", example + " ", StringComparison.Ordinal);
            Assert.Empty(root.Parse(example.Replace("$(pgrep -o lmp)", "4711", StringComparison.Ordinal)).Errors);
        });
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("prune")]
    [InlineData("gc md")]
    [InlineData("gc --repack 0%")]
    [InlineData("gc --repack 50")]
    [InlineData("gc --repack 101%")]
    [InlineData("gc --wait never")]
    [InlineData("--store")]
    [InlineData("jobs extra")]
    [InlineData("jobs --nonsense")]
    [InlineData("dump")]
    [InlineData("dump md --pid 4711")]
    [InlineData("dump md other")]
    [InlineData("dump --pid 0")]
    [InlineData("dump --pid -1")]
    [InlineData("dump --pid 4294967297")]
    [InlineData("dump --pid abc")]
    [InlineData("dump --pid")]
    [InlineData("dump ../etc")]
    [InlineData("recover --shell-job")]
    [InlineData("recover --all --shell-job")]
    [InlineData("recover md relax --shell-job")]
    [InlineData("dump md --every")]
    [InlineData("dump md --every 10")]
    [InlineData("dump md --every 0s")]
    [InlineData("dump md --every 10s --count 0")]
    [InlineData("dump md --count many")]
    [InlineData("dump md --every 10s --stop")]
    [InlineData("check")]
    [InlineData("register md")]
    [InlineData("register --pid 4711")]
    [InlineData("register .md --pid 4711")]
    [InlineData("unregister")]
    [InlineData("generations")]
    [InlineData("show")]
    [InlineData("show md")]
    [InlineData("show md/0")]
    [InlineData("restore")]
    [InlineData("restore md/x")]
    [InlineData("recover md --all")]
    [InlineData("recover md/1")]
    [InlineData("verify md/1 --all")]
    [InlineData("verify md")]
    [InlineData("verify --share 0%")]
    [InlineData("verify --share 101%")]
    [InlineData("verify --share 8/7")]
    [InlineData("verify --share 1/0")]
    [InlineData("verify --share seventh")]
    [InlineData("verify --all --share 5%")]
    [InlineData("verify md/1 --share 5%")]
    [InlineData("verify --limit-rate fast")]
    [InlineData("pin")]
    [InlineData("pin md")]
    [InlineData("unpin md")]
    [InlineData("forget")]
    [InlineData("forget md/0")]
    [InlineData("forget md/1 --keep-last 1")]
    [InlineData("forget md --keep-last 0")]
    [InlineData("forget md --keep-daily -1")]
    [InlineData("forget md --keep-within 7")]
    [InlineData("forget md --keep-within-weekly 1h1y")]
    [InlineData("forget md --max-bytes 10GB")]
    [InlineData("forget md --time-zone Nowhere/Never")]
    public void Run_OfMalformedLine_IsUsageWithHint(string words)
    {
        CommandResult result = _line.Run(words.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(2, result.Code);
        Assert.Empty(result.Out);
        Assert.Contains("hint: see `checkpointer", result.Error, StringComparison.Ordinal);
        Assert.Empty(_line.Journal);
    }

    [Fact]
    public void Run_OfMalformedLineWithJson_WritesAnErrorObject()
    {
        CommandResult result = _line.Run("dump", "--json");

        Assert.Equal(2, result.Code);
        Assert.Equal(
            """{"error":"Name either a JOB or --pid P.","hint":"see `checkpointer dump --help`","exit_code":2,"findings":[]}""" + "\n",
            result.Out);
        Assert.Empty(result.Error);
    }

    [Fact]
    public void GlobalOptions_BeforeOrAfterTheVerb_AreTheSame()
    {
        _line.Run("jobs", "--store", "/a", "--verbose");
        Assert.Equal("/a", _line.StoreArgument);
        Assert.True(_line.Verbose);

        _line.Run("--store", "/b", "jobs");
        Assert.Equal("/b", _line.StoreArgument);
        Assert.False(_line.Verbose);
    }

    [Fact]
    public void Run_WithArgumentThatStartsWithAt_DoesNotReadAFile()
        => Assert.Contains("'@/etc/passwd' is no name for a job", _line.Run("generations", "@/etc/passwd").Error, StringComparison.Ordinal);

    [Fact]
    public void Version_IsWritten() => Assert.Matches(@"^\d+\.\d+\.\d+", _line.Run("--version").Out);

    [Theory]
    [InlineData("check md")]
    [InlineData("unregister md")]
    [InlineData("jobs")]
    [InlineData("dump md")]
    [InlineData("generations md")]
    [InlineData("show md/1")]
    [InlineData("recover --latest")]
    [InlineData("restore md/1")]
    [InlineData("verify")]
    [InlineData("stats")]
    [InlineData("pin md/1")]
    [InlineData("unpin md/1")]
    [InlineData("forget md --keep-last 1")]
    [InlineData("gc")]
    public void Run_WithoutStore_SaysSo(string words)
    {
        _line.HasStore = false;
        _line.Engine.Start(4711);

        CommandResult result = _line.Run(words.Split(' '));

        Assert.Equal(10, result.Code);
        Assert.Equal("there is no store at /store\nhint: `checkpointer register` makes one\n", result.Error);
        Assert.False(_line.HasStore);
    }

    [Fact]
    public void Run_WithUnexpectedFailure_SaysThatItIsADefect()
    {
        _line.Engine.Start(4711);
        _line.Store.AddJob("md");
        _line.Engine.DuringDump = () => throw new InvalidOperationException("broken invariant");

        CommandResult quiet = _line.Run("dump", "md");
        CommandResult verbose = _line.Run("dump", "md", "--verbose");

        Assert.Equal(1, quiet.Code);
        Assert.StartsWith("unexpected InvalidOperationException: broken invariant\nhint: ", quiet.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", quiet.Error, StringComparison.Ordinal);
        Assert.Contains("   at ", verbose.Error, StringComparison.Ordinal);
    }
}
