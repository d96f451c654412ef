namespace Checkpointer.Benchmarks;

/// <summary>One table, or a few that belong together.</summary>
internal interface IBenchmark
{
    /// <summary>Measures and writes Markdown.</summary>
    void Run(TextWriter output);
}
