using System.Buffers.Binary;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>Many system calls that one thread makes in one go; each is checked afterwards.</summary>
internal sealed class SyscallBatch
{
    /// <summary>Largest count of one table; the rest of the gate's data area is for the arguments that calls point to.</summary>
    public const int CallsPerTable = 1024;

    private readonly List<Entry> _entries = [];

    /// <summary>Offset in the gate's data area that tables never reach.</summary>
    public static ulong ArgumentsOffset => CallsPerTable * GateCode.BatchEntryBytes;

    /// <summary>Number of calls.</summary>
    public int Count => _entries.Count;

    /// <summary>Adds a call that must succeed; <paramref name="what"/> names it in the error.</summary>
    /// <param name="expected">Result that alone is right; null for any success.</param>
    public void Add(string what, Sys number, ReadOnlySpan<ulong> arguments, ulong? expected = null) =>
        _entries.Add(new Entry(what, number, [.. arguments], expected, mayFail: false));

    /// <summary>Adds a call that may fail.</summary>
    public void AddTry(string what, Sys number, ReadOnlySpan<ulong> arguments) =>
        _entries.Add(new Entry(what, number, [.. arguments], expected: null, mayFail: true));

    /// <summary>Result of call <paramref name="index"/> after the batch ran.</summary>
    public RemoteResult ResultOf(int index) => _entries[index].Result;

    internal IReadOnlyList<Entry> Entries => _entries;

    internal IEnumerable<Table> Tables()
    {
        for (var start = 0; start < _entries.Count; start += CallsPerTable)
        {
            yield return new Table(_entries, start, Math.Min(CallsPerTable, _entries.Count - start));
        }
    }

    internal sealed class Entry(string what, Sys number, ulong[] arguments, ulong? expected, bool mayFail)
    {
        public string What { get; } = what;

        public Sys Number { get; } = number;

        public ulong[] Arguments { get; } = arguments;

        public RemoteResult Result { get; set; }

        public void Check()
        {
            if (mayFail)
            {
                return;
            }

            var value = Result.OrThrow(What);
            if (expected is { } wanted && value != wanted)
            {
                throw new EngineException(EngineFailure.Failed, $"{What} gave 0x{value:x} and not 0x{wanted:x}.");
            }
        }
    }

    internal readonly struct Table(List<Entry> entries, int start, int count)
    {
        public int Count => count;

        public Sys First => entries[start].Number;

        public byte[] Encode()
        {
            var bytes = new byte[count * GateCode.BatchEntryBytes];
            for (var index = 0; index < count; index++)
            {
                var entry = entries[start + index];
                var target = bytes.AsSpan(index * GateCode.BatchEntryBytes);
                BinaryPrimitives.WriteUInt64LittleEndian(target, (ulong)entry.Number);
                for (var argument = 0; argument < entry.Arguments.Length; argument++)
                {
                    BinaryPrimitives.WriteUInt64LittleEndian(target[((argument + 1) * sizeof(ulong))..], entry.Arguments[argument]);
                }
            }

            return bytes;
        }

        public void Decode(RemoteMemory memory, RemotePtr table)
        {
            var bytes = new byte[count * GateCode.BatchEntryBytes];
            memory.Read(table, bytes);
            for (var index = 0; index < count; index++)
            {
                var result = bytes.AsSpan((index * GateCode.BatchEntryBytes) + GateCode.BatchEntryBytes - sizeof(long));
                entries[start + index].Result = new RemoteResult(BinaryPrimitives.ReadInt64LittleEndian(result));
                entries[start + index].Check();
            }
        }
    }
}
