using System.CommandLine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Composition;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>init</c>: makes an empty store. Verbs that need one make it too; encryption is decided here.</summary>
internal sealed class InitVerb : Verb
{
    private readonly Option<bool> _encrypt = new("--encrypt")
    {
        Description = "Encrypt all that jobs leave in it. Needs a key: --key-file, Store:KeyFile, or a passphrase that is asked for on a terminal.",
    };

    /// <summary>Makes the verb.</summary>
    public InitVerb()
        : base(
            "init",
            "Makes an empty store, encrypted or not. `register` and others make one that is encrypted where a key is named, and not where none is.",
            "init --store /srv/checkpoints",
            "init --encrypt --key-file /etc/checkpointer/store.key") => Options.Add(_encrypt);

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        string directory = invocation.Rooms.StoreDirectory;
        if (File.Exists(Path.Combine(directory, "format")))
        {
            throw new StoreException(StoreFailure.AlreadyExists, $"there is a store in {directory} already", "name another directory with --store");
        }

        StoreOptions options = invocation.Rooms.Settings.Store;
        if (arguments.GetValue(_encrypt) && options.KeyFile.Length == 0)
        {
            options.UseSecret(Passphrase.AskNew());
        }

        using IJobStore store = invocation.Rooms.OpenOrCreateStore();
        bool isEncrypted = StoreKeys.IsEncrypted(store.Directory);
        invocation.Output.Json(new InitLine(store.Directory, isEncrypted), CliJson.Lines.InitLine);
        invocation.Output.Line($"{store.Directory}: an empty store, {(isEncrypted ? "encrypted" : "not encrypted")}");
        if (isEncrypted)
        {
            invocation.Output.Line($"keep copies of the key and of {Path.Combine(store.Directory, "keys")} elsewhere: without both nobody can read the store");
        }

        return ExitCode.Ok;
    }
}
