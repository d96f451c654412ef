using Checkpointer.Scheduler.Cli;

namespace Checkpointer.Scheduler.Tests.Fakes;

/// <summary>All verbs with the words that name them: one of two words stands below a command that is none.</summary>
internal static class VerbTable
{
    public static IEnumerable<(string Words, Verb Verb)> All()
        => new RootVerb().Subcommands.SelectMany(command => command is Verb verb
            ? [(verb.Name, verb)]
            : command.Subcommands.Select(below => ($"{command.Name} {below.Name}", (Verb)below)));
}
