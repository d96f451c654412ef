using Checkpointer.Scheduler.Cli.Rendering;

namespace Checkpointer.Scheduler.Cli;

/// <summary>What <c>show</c> was asked for beyond the facts; null what it was not.</summary>
internal sealed record GenerationDetail(
    IReadOnlyList<ProcessLine>? Tree, IReadOnlyList<MappingLine>? Memory, IReadOnlyList<DescriptorLine>? Descriptors, IReadOnlyList<CarriedFileLine>? Files)
{
    /// <summary>Whether it was asked for anything.</summary>
    public bool IsWanted => Tree is not null || Memory is not null || Descriptors is not null || Files is not null;

    /// <summary>Writes it for people.</summary>
    public void Write(Output output, TimeProvider time)
    {
        if (Tree is not null)
        {
            output.Line("");
            WriteChildren(output, Tree, Tree.Where(process => Tree.All(other => other.Pid != process.ParentPid)), "");
        }

        Table(output, Memory, [new("PID"), new("START"), new("END"), new("ACCESS"), new("SIZE", true), new("KIND"), new("NAME")], mapping =>
            [Quantity.Count(mapping.Pid), mapping.Start, mapping.End, mapping.Access, Quantity.Bytes((long)mapping.Bytes), mapping.Kind, mapping.Name]);
        Table(output, Descriptors, [new("PID"), new("NUMBER", true), new("KIND"), new("FLAGS", true), new("POSITION", true), new("WHAT")], descriptor =>
            [Quantity.Count(descriptor.Pid), Quantity.Count(descriptor.Number), descriptor.Kind, descriptor.Flags, Quantity.Count(descriptor.Position), descriptor.What]);
        Table(output, Files, [new("FILE"), new("CARRIES"), new("SIZE", true), new("MODIFIED AT")], file =>
            [file.Path, file.Carries, Quantity.Bytes((long)file.Bytes), Quantity.Time(file.ModifiedAt, time)]);
    }

    private static void WriteChildren(Output output, IReadOnlyList<ProcessLine> tree, IEnumerable<ProcessLine> processes, string indent)
    {
        foreach (ProcessLine process in processes)
        {
            string threads = process.Threads.Count == 1 ? "" : $", {process.Threads.Count} threads: {string.Join(' ', process.Threads.Select(thread => thread.Tid))}";
            string zombies = process.Zombies.Count == 0 ? "" : $", ended children: {string.Join(' ', process.Zombies)}";
            output.Line($"{indent}{process.Pid} {process.Name}  {process.Executable}{(process.Stopped ? ", stopped" : "")}{threads}{zombies}");
            WriteChildren(output, tree, tree.Where(child => child.ParentPid == process.Pid && child.Pid != process.Pid), indent + "  ");
        }
    }

    private static void Table<T>(Output output, IReadOnlyList<T>? lines, IReadOnlyList<TableColumnView> columns, Func<T, string[]> row)
    {
        if (lines is not null)
        {
            output.Line("");
            output.Table(columns, [.. lines.Select(row)], whenEmpty: "none");
        }
    }
}
