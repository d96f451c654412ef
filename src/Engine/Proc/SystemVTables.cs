namespace Checkpointer.Engine.Proc;

/// <summary>What all lines of /proc/sysvipc/* have.</summary>
/// <param name="Id">The object's ID.</param>
/// <param name="Key">Its key; 0 where it has none.</param>
/// <param name="Mode">Permission bits, and those of <see cref="Interop.SystemVIpc"/> above them.</param>
/// <param name="Owner">User ID.</param>
/// <param name="Group">Group ID.</param>
internal readonly record struct SystemVEntry(int Id, int Key, uint Mode, uint Owner, uint Group);

/// <summary>A line of /proc/sysvipc/shm.</summary>
/// <param name="Entry">ID, key, rights.</param>
/// <param name="Bytes">Size as given to shmget(2).</param>
/// <param name="CreatorPid">Who made it.</param>
/// <param name="Attachments">Mappings of it in all processes.</param>
/// <param name="ChangedUnix">Time of its making or last change, seconds since the epoch.</param>
internal sealed record SystemVSegmentEntry(SystemVEntry Entry, ulong Bytes, int CreatorPid, long Attachments, long ChangedUnix);

/// <summary>A line of /proc/sysvipc/sem.</summary>
/// <param name="Entry">ID, key, rights.</param>
/// <param name="Count">Number of semaphores.</param>
/// <param name="OperatedUnix">Time of the last semop(2), seconds since the epoch; 0: never.</param>
/// <param name="ChangedUnix">Time of its making or of the last value that was set.</param>
internal sealed record SystemVSemaphoreEntry(SystemVEntry Entry, int Count, long OperatedUnix, long ChangedUnix);

/// <summary>A line of /proc/sysvipc/msg.</summary>
/// <param name="Entry">ID, key, rights.</param>
/// <param name="Messages">Number of messages.</param>
/// <param name="LastSender">Process of the last msgsnd(2).</param>
/// <param name="LastReceiver">Process of the last msgrcv(2).</param>
/// <param name="SentUnix">When it was sent, seconds since the epoch; 0: never.</param>
/// <param name="ReceivedUnix">When it was received.</param>
internal sealed record SystemVQueueEntry(SystemVEntry Entry, long Messages, int LastSender, int LastReceiver, long SentUnix, long ReceivedUnix);

/// <summary>Reads /proc/sysvipc/*: the System V objects of our IPC namespace. Empty on a kernel without them.</summary>
internal static class SystemVTables
{
    /// <summary>Segments of shared memory.</summary>
    public static List<SystemVSegmentEntry> Segments() => Read("shm", ParseSegments);

    /// <summary>Sets of semaphores.</summary>
    public static List<SystemVSemaphoreEntry> SemaphoreSets() => Read("sem", ParseSemaphoreSets);

    /// <summary>Message queues.</summary>
    public static List<SystemVQueueEntry> Queues() => Read("msg", ParseQueues);

    /// <summary>Parses /proc/sysvipc/shm.</summary>
    public static List<SystemVSegmentEntry> ParseSegments(ReadOnlySpan<byte> text) => Parse("shm", text, static (ref fields) =>
    {
        var entry = EntryOf(ref fields, "shmid"u8);
        var bytes = fields.Decimal<ulong>("size"u8);
        var creator = fields.Decimal<int>("cpid"u8);
        Skip(ref fields, "lpid"u8);
        var attachments = fields.Decimal<long>("nattch"u8);
        entry = WithOwner(ref fields, entry);
        Skip(ref fields, "cuid"u8, "cgid"u8, "atime"u8, "dtime"u8);
        return new SystemVSegmentEntry(entry, bytes, creator, attachments, fields.Decimal<long>("ctime"u8));
    });

    /// <summary>Parses /proc/sysvipc/sem.</summary>
    public static List<SystemVSemaphoreEntry> ParseSemaphoreSets(ReadOnlySpan<byte> text) => Parse("sem", text, static (ref fields) =>
    {
        var entry = EntryOf(ref fields, "semid"u8);
        var count = fields.Decimal<int>("nsems"u8);
        entry = WithOwner(ref fields, entry);
        Skip(ref fields, "cuid"u8, "cgid"u8);
        var operated = fields.Decimal<long>("otime"u8);
        return new SystemVSemaphoreEntry(entry, count, operated, fields.Decimal<long>("ctime"u8));
    });

    /// <summary>Parses /proc/sysvipc/msg.</summary>
    public static List<SystemVQueueEntry> ParseQueues(ReadOnlySpan<byte> text) => Parse("msg", text, static (ref fields) =>
    {
        var entry = EntryOf(ref fields, "msqid"u8);
        Skip(ref fields, "cbytes"u8);
        var messages = fields.Decimal<long>("qnum"u8);
        var sender = fields.Decimal<int>("lspid"u8);
        var receiver = fields.Decimal<int>("lrpid"u8);
        entry = WithOwner(ref fields, entry);
        Skip(ref fields, "cuid"u8, "cgid"u8);
        var sent = fields.Decimal<long>("stime"u8);
        return new SystemVQueueEntry(entry, messages, sender, receiver, sent, fields.Decimal<long>("rtime"u8));
    });

    private delegate T LineParser<T>(ref FieldReader fields);

    private static List<T> Read<T>(string name, ProcParser<List<T>> parse) => ProcFile.TryParse("/proc/sysvipc/" + name, parse) ?? [];

    private static List<T> Parse<T>(string file, ReadOnlySpan<byte> text, LineParser<T> parse)
    {
        var entries = new List<T>();
        var lines = new LineReader(text);
        if (!lines.AtEnd)
        {
            // The names of the columns.
            _ = lines.Next();
        }

        while (!lines.AtEnd)
        {
            var fields = new FieldReader(file, lines.Next());
            entries.Add(parse(ref fields));
        }

        return entries;
    }

    private static SystemVEntry EntryOf(ref FieldReader fields, ReadOnlySpan<byte> id)
    {
        var key = fields.Decimal<int>("key"u8);
        return new SystemVEntry(fields.Decimal<int>(id), key, fields.Octal("perms"u8), 0, 0);
    }

    private static SystemVEntry WithOwner(ref FieldReader fields, SystemVEntry entry)
    {
        var owner = fields.Decimal<uint>("uid"u8);
        return entry with { Owner = owner, Group = fields.Decimal<uint>("gid"u8) };
    }

    private static void Skip(ref FieldReader fields, ReadOnlySpan<byte> first) => fields.Word(first);

    private static void Skip(ref FieldReader fields, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        fields.Word(first);
        fields.Word(second);
    }

    private static void Skip(ref FieldReader fields, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, ReadOnlySpan<byte> fourth)
    {
        Skip(ref fields, first, second);
        Skip(ref fields, third, fourth);
    }
}
