using System.CommandLine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Composition;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>key</c>: the verbs about keys of encrypted stores.</summary>
internal sealed class KeyCommand : Command
{
    /// <summary>Makes the verbs.</summary>
    public KeyCommand()
        : base("key", "Makes key files, and says which keys open an encrypted store.")
    {
        Subcommands.Add(new KeyNewVerb());
        Subcommands.Add(new KeyListVerb());
        Subcommands.Add(new KeyAddVerb());
        Subcommands.Add(new KeyRemoveVerb());
        Subcommands.Add(new KeyChangeVerb());
    }

    /// <summary><c>--new-key-file FILE</c>.</summary>
    public static Option<string?> NewKeyFile() => new("--new-key-file")
    {
        Description = "The new key file, or a file whose first line is the new passphrase. Default: it is asked for.",
        HelpName = "FILE",
        CustomParser = result => Path.GetFullPath(result.Tokens[0].Value),
    };

    /// <summary>What the option names, or what is typed.</summary>
    public static StoreSecret NewSecret(string? file)
        => file is null ? Passphrase.AskNew() : StoreSecret.FromFile(file);

    /// <summary>One object per key, or a table.</summary>
    public static void Write(Output output, IReadOnlyList<StoreKey> keys)
    {
        foreach (StoreKey key in keys)
        {
            output.Json(new KeyLine(key.Id, key.Label, key.CreatedAt, key.Derivation, key.Iterations), CliJson.Lines.KeyLine);
        }

        output.Table(
            [new("KEY"), new("LABEL"), new("ADDED"), new("OF")],
            [.. keys.Select(key => new[] { key.Id, key.Label, Quantity.Time(key.CreatedAt, TimeProvider.System), key.Iterations == 0 ? "a key file" : "a passphrase" })],
            whenEmpty: "no keys");
    }
}

/// <summary><c>key new</c>: makes a key file.</summary>
internal sealed class KeyNewVerb : Verb
{
    private readonly Argument<string> _file = new("FILE") { Description = "Where to; must not exist.", CustomParser = result => Path.GetFullPath(result.Tokens[0].Value) };

    /// <summary>Makes the verb.</summary>
    public KeyNewVerb()
        : base("new", "Makes a key file with a random key, for `init --encrypt` or `key add`. Opens nothing by itself.", "key new /etc/checkpointer/store.key") => Arguments.Add(_file);

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        string file = arguments.GetRequiredValue(_file);
        StoreSecret.CreateFile(file);
        invocation.Output.Json(new KeyFileLine(file), CliJson.Lines.KeyFileLine);
        invocation.Output.Line($"{file}: keep a copy of it elsewhere, and not beside the store");
        return ExitCode.Ok;
    }
}

/// <summary><c>key list</c>: which keys open a store.</summary>
internal sealed class KeyListVerb : Verb
{
    /// <summary>Makes the verb.</summary>
    public KeyListVerb()
        : base("list", "Lists the keys that open the store. Needs none of them.", "key list", "key list --json")
    {
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        KeyCommand.Write(invocation.Output, StoreKeys.All(invocation.Rooms.StoreDirectory));
        return ExitCode.Ok;
    }
}

/// <summary><c>key add</c>: lets one more key open a store.</summary>
internal sealed class KeyAddVerb : Verb
{
    private readonly Option<string?> _new = KeyCommand.NewKeyFile();

    private readonly Option<string> _label = new("--label")
    {
        Description = "What it is for, at most 64 characters. Readable by all who can read the store.",
        HelpName = "TEXT",
        DefaultValueFactory = _ => "",
    };

    /// <summary>Makes the verb.</summary>
    public KeyAddVerb()
        : base(
            "add",
            "Lets one more key file or passphrase open the store.",
            "key add --new-key-file /root/spare.key --label spare",
            "key add --label passphrase")
    {
        Options.Add(_new);
        Options.Add(_label);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        invocation.Rooms.AskForSecret();
        StoreSecret added = KeyCommand.NewSecret(arguments.GetValue(_new));
        KeyCommand.Write(invocation.Output, [StoreKeys.Add(invocation.Rooms.StoreDirectory, invocation.Rooms.Settings.Store, added, arguments.GetRequiredValue(_label))]);
        return ExitCode.Ok;
    }
}

/// <summary><c>key remove</c>: lets a key open a store no more.</summary>
internal sealed class KeyRemoveVerb : Verb
{
    private readonly Argument<string> _key = new("KEY") { Description = "As of `key list`." };

    /// <summary>Makes the verb.</summary>
    public KeyRemoveVerb()
        : base("remove", "Removes a key, not the one by which the store is opened now.", "key remove 8f14e45fceea167a") => Arguments.Add(_key);

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        invocation.Rooms.AskForSecret();
        string id = arguments.GetRequiredValue(_key);
        StoreKey? key = StoreKeys.All(invocation.Rooms.StoreDirectory).FirstOrDefault(known => known.Id == id);
        StoreKeys.Remove(invocation.Rooms.StoreDirectory, invocation.Rooms.Settings.Store, id);
        KeyCommand.Write(invocation.Output, key is null ? [] : [key]);
        return ExitCode.Ok;
    }
}

/// <summary><c>key change</c>: puts another key into the place of one.</summary>
internal sealed class KeyChangeVerb : Verb
{
    private readonly Option<string?> _new = KeyCommand.NewKeyFile();

    /// <summary>Makes the verb.</summary>
    public KeyChangeVerb()
        : base("change", "Puts another key file or passphrase into the place of the one by which the store is opened now.", "key change --new-key-file /etc/checkpointer/store-2.key")
        => Options.Add(_new);

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        invocation.Rooms.AskForSecret();
        StoreSecret added = KeyCommand.NewSecret(arguments.GetValue(_new));
        KeyCommand.Write(invocation.Output, [StoreKeys.Change(invocation.Rooms.StoreDirectory, invocation.Rooms.Settings.Store, added)]);
        return ExitCode.Ok;
    }
}
