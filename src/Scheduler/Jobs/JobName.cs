namespace Checkpointer.Scheduler.Jobs;

/// <summary>The rule for names of jobs; they are part of file names and of <c>JOB/NUMBER</c>.</summary>
internal static class JobName
{
    /// <summary>The rule as a sentence for people.</summary>
    public const string Rule = "1 to 64 letters, digits, '.', '_' or '-', and the first is a letter or digit";

    private const int LengthMax = 64;

    /// <summary>True for a name that a job may have.</summary>
    public static bool IsValid(string name)
        => name.Length is > 0 and <= LengthMax
            && char.IsAsciiLetterOrDigit(name[0])
            && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '_' or '-');
}
