namespace Checkpointer.Scheduler.Cli.Rendering;

/// <summary>Where a verb writes, and what that place can show.</summary>
/// <param name="Out">Results.</param>
/// <param name="Error">Errors, warnings, progress.</param>
/// <param name="IsOutTerminal">False where results are piped or go to a file.</param>
/// <param name="IsErrorTerminal">False where errors are piped or go to a file: no progress bars there.</param>
/// <param name="HasColour">True where colour is wanted in results.</param>
/// <param name="Columns">Width for tables, in characters.</param>
internal sealed record Terminal(
    TextWriter Out, TextWriter Error, bool IsOutTerminal, bool IsErrorTerminal, bool HasColour, int Columns)
{
    /// <summary>Wide enough that no row of a piped table is ever wrapped: PATH_MAX and some columns.</summary>
    public const int PipedColumns = 8192;

    /// <summary>The console of this process. <c>NO_COLOR</c> is honoured (no-color.org).</summary>
    public static Terminal OfConsole()
    {
        bool isOutTerminal = !Console.IsOutputRedirected;
        bool noColour = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            || Environment.GetEnvironmentVariable("TERM") is null or "dumb";
        return new Terminal(
            Console.Out,
            Console.Error,
            isOutTerminal,
            !Console.IsErrorRedirected,
            isOutTerminal && !noColour,
            isOutTerminal ? Math.Max(Console.WindowWidth, 80) : PipedColumns);
    }
}
