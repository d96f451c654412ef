namespace Checkpointer.Engine;

/// <summary>A program to start.</summary>
/// <param name="File">Path, or a name to look up in PATH.</param>
/// <param name="Arguments">Arguments after the name.</param>
public sealed record LaunchRequest(string File, IReadOnlyList<string> Arguments)
{
    /// <summary>The whole environment; null for ours.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>Working directory; null for ours.</summary>
    public string? Directory { get; init; }

    /// <summary>File that takes standard output and error, appended to, standard input being <see cref="InputPath"/>; null where all three are ours.</summary>
    public string? OutputPath { get; init; }

    /// <summary>File that is standard input where output is not ours. Opened in the child, so that <c>/proc/self/fd</c> has our descriptors.</summary>
    public string InputPath { get; init; } = "/dev/null";
}
