using System.Text;

namespace Checkpointer.Scheduler.Cli.Rendering;

/// <summary>Makes text from outside (command lines, paths) safe to print.</summary>
internal static class Printable
{
    /// <summary>Control characters become <c>\xNN</c>: a job's command line must not be able to drive the administrator's terminal,
    /// nor to break a table.</summary>
    public static string Of(string text)
    {
        if (!text.Any(char.IsControl))
        {
            return text;
        }

        var safe = new StringBuilder(text.Length + 8);
        foreach (char character in text)
        {
            _ = char.IsControl(character) ? safe.Append($"\\x{(int)character:x2}") : safe.Append(character);
        }

        return safe.ToString();
    }
}
