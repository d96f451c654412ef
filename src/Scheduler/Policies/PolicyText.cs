using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Checkpointer.Scheduler.Policies;

/// <summary>The text of a policy file: which line each of its keys is on, and which of them no policy has.</summary>
internal sealed class PolicyText
{
    private readonly Dictionary<string, int> _lines = new(StringComparer.Ordinal);
    private readonly List<(string Key, string Reason)> _strange = [];

    private PolicyText()
    {
    }

    /// <summary>Keys that no policy has, or that are said twice, and what is to be said of them.</summary>
    public IReadOnlyList<(string Key, string Reason)> Strange => _strange;

    /// <summary>Reads a text.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static PolicyText Read(ReadOnlySpan<byte> text)
    {
        var result = new PolicyText();
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        var path = new List<string>();
        var types = new Stack<JsonTypeInfo?>();
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    path.Add(reader.GetString()!);
                    result.Note(string.Join('.', path), LineOf(text, reader.TokenStartIndex), types.Peek());
                    break;
                case JsonTokenType.StartObject:
                    types.Push(path.Count == 0 ? PolicyFileJson.Default.JobPolicy : types.Count > 0 ? TypeOf(types.Peek(), path[^1]) : null);
                    break;
                case JsonTokenType.EndObject:
                    _ = types.Pop();
                    Leave(path);
                    break;
                case JsonTokenType.StartArray:
                    reader.Skip();
                    Leave(path);
                    break;
                default:
                    Leave(path);
                    break;
            }
        }

        return result;
    }

    /// <summary>The line of a key, from 1; that of the object it is missing in, where it is not there.</summary>
    public int LineOf(string key)
    {
        for (string at = key; at.Length > 0; at = at.Contains('.', StringComparison.Ordinal) ? at[..at.LastIndexOf('.')] : "")
        {
            if (_lines.TryGetValue(at, out int line))
            {
                return line;
            }
        }

        return 1;
    }

    private static void Leave(List<string> path)
    {
        if (path.Count > 0)
        {
            path.RemoveAt(path.Count - 1);
        }
    }

    private static int LineOf(ReadOnlySpan<byte> text, long offset) => text[..(int)offset].Count((byte)'\n') + 1;

    private static JsonTypeInfo? TypeOf(JsonTypeInfo? owner, string key)
        => owner?.Properties.FirstOrDefault(property => property.Name == key) is { } property ? PolicyFileJson.Default.GetTypeInfo(property.PropertyType) : null;

    private void Note(string key, int line, JsonTypeInfo? owner)
    {
        string name = key[(key.LastIndexOf('.') + 1)..];
        if (owner is { Properties.Count: > 0 } && owner.Properties.All(property => property.Name != name))
        {
            _strange.Add((key, $"there is no key {key}; keys here are {string.Join(", ", owner.Properties.Select(property => property.Name))}"));
        }
        else if (_lines.ContainsKey(key))
        {
            _strange.Add((key, $"{key} is said twice"));
        }

        _lines[key] = line;
    }
}
