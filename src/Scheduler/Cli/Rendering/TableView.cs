using Spectre.Console;
using Spectre.Console.Rendering;

namespace Checkpointer.Scheduler.Cli.Rendering;

/// <summary>A column of a table.</summary>
/// <param name="Title">Heading.</param>
/// <param name="IsNumber">True to align right.</param>
internal readonly record struct TableColumnView(string Title, bool IsNumber = false);

/// <summary>Draws tables: aligned columns without lines, so that they read well on a terminal and in a pipe alike.</summary>
internal static class TableView
{
    /// <summary>Writes a table to the results.</summary>
    public static void Write(Terminal terminal, IReadOnlyList<TableColumnView> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table { Border = TableBorder.None, Expand = false };
        foreach (TableColumnView column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column.Title, new Style(decoration: Decoration.Bold)))
            {
                Alignment = column.IsNumber ? Justify.Right : Justify.Left,
                Padding = new Padding(0, 0, 2, 0),
                NoWrap = column.IsNumber,
            });
        }

        foreach (IReadOnlyList<string> row in rows)
        {
            table.AddRow(row.Select(cell => (IRenderable)new Text(Printable.Of(cell))));
        }

        WriteTrimmed(terminal, table);
    }

    private static void WriteTrimmed(Terminal terminal, Table table)
    {
        using var buffer = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = terminal.HasColour ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = terminal.HasColour ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(buffer),
        });
        console.Profile.Width = terminal.Columns;
        console.Write(table);

        // Cells are padded to their column; blanks at the end of a line are noise in files and diffs.
        foreach (string line in buffer.ToString().TrimEnd('\n').Split('\n'))
        {
            terminal.Out.WriteLine(line.TrimEnd());
        }
    }
}
