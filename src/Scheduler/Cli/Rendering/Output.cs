using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Checkpointer.Scheduler.Cli.Rendering;

/// <summary>
/// What a verb says. With <c>--json</c> objects go to standard output, one a line, and nothing else does; without it sentences and
/// tables. Warnings are in the objects with <c>--json</c>, else on standard error.
/// </summary>
internal sealed class Output(Terminal terminal, bool isJson)
{
    /// <summary>True with <c>--json</c>.</summary>
    public bool IsJson { get; } = isJson;

    /// <summary>Writes one object; with <c>--json</c> only.</summary>
    public void Json<T>(T value, JsonTypeInfo<T> type)
    {
        if (IsJson)
        {
            terminal.Out.WriteLine(JsonSerializer.Serialize(value, type));
        }
    }

    /// <summary>Writes a sentence; not with <c>--json</c>.</summary>
    public void Line(string text)
    {
        if (!IsJson)
        {
            terminal.Out.WriteLine(Printable.Of(text));
        }
    }

    /// <summary>Writes a table where there are rows, else <paramref name="whenEmpty"/>; not with <c>--json</c>.</summary>
    public void Table(
        IReadOnlyList<TableColumnView> columns, IReadOnlyCollection<IReadOnlyList<string>> rows, string whenEmpty)
    {
        if (IsJson)
        {
            return;
        }

        if (rows.Count == 0)
        {
            Line(whenEmpty);
            return;
        }

        TableView.Write(terminal, columns, rows);
    }

    /// <summary>Writes names and values below each other; not with <c>--json</c>.</summary>
    public void Facts(IReadOnlyList<(string Name, string Value)> facts)
    {
        int width = facts.Max(fact => fact.Name.Length);
        foreach ((string name, string value) in facts)
        {
            Line($"{name.PadRight(width)}  {value}");
        }
    }

    /// <summary>Writes a warning to standard error; not with <c>--json</c>.</summary>
    public void Warning(string sentence)
    {
        if (!IsJson)
        {
            terminal.Error.WriteLine($"warning: {Printable.Of(sentence)}");
        }
    }

    /// <summary>Writes a sentence to standard error, because standard output is somebody else's; not with <c>--json</c>.</summary>
    public void Note(string sentence)
    {
        if (!IsJson)
        {
            terminal.Error.WriteLine(Printable.Of(sentence));
        }
    }

    /// <summary>Writes a failure: the sentence and a line with the hint on standard error, or an object with <c>--json</c>.</summary>
    public void Failure(ErrorLine failure)
    {
        Json(failure, CliJson.Lines.ErrorLine);
        if (IsJson)
        {
            return;
        }

        terminal.Error.WriteLine(Printable.Of(failure.Error));
        foreach (FindingLine finding in failure.Findings)
        {
            terminal.Error.WriteLine($"  {finding.Resource} (PID {finding.Pid}): {Printable.Of(finding.Sentence)}");
        }

        if (failure.Hint is not null)
        {
            terminal.Error.WriteLine($"hint: {Printable.Of(failure.Hint)}");
        }
    }

    /// <summary>Writes what only developers want to see, to standard error.</summary>
    public void Detail(string text) => terminal.Error.WriteLine(text);
}
