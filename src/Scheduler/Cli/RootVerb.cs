using System.CommandLine;
using System.CommandLine.Help;

namespace Checkpointer.Scheduler.Cli;

/// <summary>The whole command line: options that every verb has, and the verbs.</summary>
internal sealed class RootVerb : RootCommand
{
    /// <summary>Makes the command line.</summary>
    public RootVerb()
        : base("Checkpoints long-running Linux jobs and restores them after a crash or a reboot.")
    {
        Options.Add(Store);
        Options.Add(KeyFile);
        Options.Add(Json);
        Options.Add(Verbose);
        Verb[] verbs =
        [
            new DoctorVerb(), new InitVerb(), new CheckVerb(), new RegisterVerb(), new UnregisterVerb(), new JobsVerb(), new DumpVerb(),
            new GenerationsVerb(), new ShowVerb(), new DiffVerb(), new RecoverVerb(), new RestoreVerb(), new RehearseVerb(), new PinVerb(), new UnpinVerb(), new ForgetVerb(), new GcVerb(),
            new ExportVerb(), new ImportVerb(), new VerifyVerb(), new RepairVerb(), new StatsVerb(), new DaemonVerb(), new RunVerb(), new StatusVerb(), new PauseVerb(isPause: true),
            new PauseVerb(isPause: false), new EventsVerb(),
        ];
        foreach (Verb verb in verbs)
        {
            Subcommands.Add(verb);
        }

        Subcommands.Add(new KeyCommand());
        Subcommands.Add(new PolicyCommand());
        HelpOption help = Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
    }

    /// <summary><c>--store DIR</c>.</summary>
    public Option<string?> Store { get; } = new("--store")
    {
        Description = "Directory of the store. Default: $CHECKPOINTER_STORE, else the configuration.",
        HelpName = "DIR",
        Recursive = true,
    };

    /// <summary><c>--key-file FILE</c>.</summary>
    public Option<string?> KeyFile { get; } = new("--key-file")
    {
        Description = "Key file of an encrypted store, or a file whose first line is its passphrase. Default: the configuration.",
        HelpName = "FILE",
        Recursive = true,
    };

    /// <summary><c>--json</c>.</summary>
    public Option<bool> Json { get; } = new("--json")
    {
        Description = "Write one JSON object per line, errors too.",
        Recursive = true,
    };

    /// <summary><c>--verbose</c>.</summary>
    public Option<bool> Verbose { get; } = new("--verbose")
    {
        Description = "Log what is being done, to standard error.",
        Recursive = true,
    };
}
