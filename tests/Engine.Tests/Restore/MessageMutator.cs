using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Checkpointer.Engine.Tests.Restore;

/// <summary>Changes fields of a message, wherever they are in it, to what a writer with a defect, or somebody who means harm, might put there: the bytes are valid, so whoever parses them
/// has to tell.</summary>
internal sealed class MessageMutator(Random random)
{
    private static readonly long[] _numbers = [0, 1, -1, 2, 7, 100, 4096, int.MaxValue, int.MinValue, uint.MaxValue, 1L << 47, long.MaxValue, long.MinValue];
    private static readonly string[] _texts = ["", "/", "/..", "relative", "/proc/self/mem", "/dev/null", "/etc/passwd", "/tmp", "//", "/does/not/exist", "a\0b", new string('/', 5000)];

    /// <summary>Changes one field of the message, or of one in it.</summary>
    public void Mutate(IMessage message)
    {
        var all = new List<IMessage>();
        Gather(message, all);
        var chosen = all[random.Next(all.Count)];
        var fields = chosen.Descriptor.Fields.InDeclarationOrder();
        if (fields.Count > 0)
        {
            Mutate(chosen, fields[random.Next(fields.Count)]);
        }
    }

    private static void Gather(IMessage message, List<IMessage> all)
    {
        all.Add(message);
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder().Where(field => field.FieldType == FieldType.Message && !field.IsMap))
        {
            switch (field.Accessor.GetValue(message))
            {
                case IMessage below:
                    Gather(below, all);
                    break;
                case System.Collections.IList list:
                    list.Cast<IMessage>().ToList().ForEach(item => Gather(item, all));
                    break;
            }
        }
    }

    private void Mutate(IMessage message, FieldDescriptor field)
    {
        if (field.IsMap)
        {
            return;
        }

        if (field.IsRepeated)
        {
            MutateList((System.Collections.IList)field.Accessor.GetValue(message), field);
        }
        else if (field.FieldType == FieldType.Message)
        {
            field.Accessor.SetValue(message, random.Next(2) == 0 ? null : field.MessageType.Parser.ParseFrom(ByteString.Empty));
        }
        else
        {
            field.Accessor.SetValue(message, Value(field));
        }
    }

    private void MutateList(System.Collections.IList list, FieldDescriptor field)
    {
        switch (random.Next(4))
        {
            case 0 when list.Count > 0:
                list.RemoveAt(random.Next(list.Count));
                break;
            case 1 when list.Count > 0:
                list.Add(list[random.Next(list.Count)]);
                break;
            case 2:
                list.Clear();
                break;
            default:
                list.Add(field.FieldType == FieldType.Message ? field.MessageType.Parser.ParseFrom(ByteString.Empty) : Value(field));
                break;
        }
    }

    private object Value(FieldDescriptor field)
    {
        var number = _numbers[random.Next(_numbers.Length)];
        return field.FieldType switch
        {
            FieldType.Bool => number != 0,
            FieldType.String => _texts[random.Next(_texts.Length)],
            FieldType.Bytes => random.Next(3) == 0 ? ByteString.CopyFrom(new byte[random.Next(10_000)]) : ByteString.CopyFromUtf8(_texts[random.Next(_texts.Length)]),
            FieldType.Double => (double)number,
            FieldType.Float => (float)number,
            FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => unchecked((int)number),
            FieldType.UInt32 or FieldType.Fixed32 => unchecked((uint)number),
            FieldType.UInt64 or FieldType.Fixed64 => unchecked((ulong)number),
            FieldType.Enum => unchecked((int)number),
            _ => number,
        };
    }
}
