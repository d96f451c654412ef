using System.Text;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Composition;

/// <summary>Asks for a passphrase on the terminal, where nobody sees it.</summary>
internal static class Passphrase
{
    /// <summary>Whether somebody is there to be asked.</summary>
    public static bool CanAsk => !Console.IsInputRedirected && !Console.IsErrorRedirected;

    /// <summary>Asks for that of a store.</summary>
    public static StoreSecret Ask(string directory) => StoreSecret.FromPassphrase(Read($"passphrase of {directory}: "));

    /// <summary>Asks for a new one, twice.</summary>
    /// <exception cref="StoreException">NoKey: nobody is there to be asked, or the two differ.</exception>
    public static StoreSecret AskNew()
    {
        if (!CanAsk)
        {
            throw new StoreException(StoreFailure.NoKey, "no key was given, and there is no terminal to ask for a passphrase", "`checkpointer key new FILE` makes a key file");
        }

        string passphrase = Read($"new passphrase, at least {StoreSecret.PassphraseCharactersMin} characters; who forgets it loses the store: ");
        return Read("once more: ") == passphrase
            ? StoreSecret.FromPassphrase(passphrase)
            : throw new StoreException(StoreFailure.NoKey, "the passphrases differ", "try again");
    }

    private static string Read(string question)
    {
        Console.Error.Write(question);
        var text = new StringBuilder();
        for (ConsoleKeyInfo key = Console.ReadKey(intercept: true); key.Key != ConsoleKey.Enter; key = Console.ReadKey(intercept: true))
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                text.Length = Math.Max(0, text.Length - 1);
            }
            else if (!char.IsControl(key.KeyChar))
            {
                _ = text.Append(key.KeyChar);
            }
        }

        Console.Error.WriteLine();
        return text.ToString();
    }
}
