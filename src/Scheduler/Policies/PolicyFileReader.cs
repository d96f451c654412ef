using System.Text;
using System.Text.Json;

namespace Checkpointer.Scheduler.Policies;

/// <summary>Reads one policy file. All that is wrong with it is told with its line.</summary>
internal static class PolicyFileReader
{
    /// <summary>How the names of policy files end.</summary>
    public const string Extension = ".json";

    /// <summary>Policies are written by people: more than this is some other file.</summary>
    private const long BytesMax = 1 << 20;

    /// <summary>Reads a file.</summary>
    /// <returns>Either what it says, or what is wrong with it.</returns>
    public static (PolicyFile? File, IReadOnlyList<PolicyProblem> Problems) Read(string path)
    {
        try
        {
            return new FileInfo(path).Length > BytesMax ? Bad(path, 0, "the file is too large for a policy") : Parse(path, File.ReadAllBytes(path));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return Bad(path, 0, unreadable.Message);
        }
    }

    private static (PolicyFile? File, IReadOnlyList<PolicyProblem> Problems) Parse(string path, byte[] content)
    {
        ReadOnlySpan<byte> bytes = content.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? content.AsSpan(Encoding.UTF8.Preamble.Length) : content;
        try
        {
            PolicyText text = PolicyText.Read(bytes);
            if (text.Strange.Count > 0)
            {
                return (null, [.. text.Strange.Select(one => new PolicyProblem(path, text.LineOf(one.Key), one.Reason, KeepsOld: false))]);
            }

            JobPolicy policy = JsonSerializer.Deserialize(bytes, PolicyFileJson.Default.JobPolicy) ?? throw new JsonException("a policy is an object, not null");
            PolicyProblem[] problems = [.. PolicyCheck.OfFile(policy).Select(one => new PolicyProblem(path, text.LineOf(one.Key), $"{one.Key}: {one.Reason}", KeepsOld: false))];
            string name = Path.GetFileNameWithoutExtension(path);
            return problems.Length > 0 ? (null, problems) : (new PolicyFile(name, path, policy with { From = name }), []);
        }
        catch (JsonException malformed)
        {
            return Bad(path, (int)(malformed.LineNumber ?? 0) + 1, Reason(malformed));
        }
        catch (InvalidOperationException notText)
        {
            // Bytes, or an escaped half of a pair, that no text has; the serializer does not say where.
            return Bad(path, 0, notText.Message);
        }
    }

    private static (PolicyFile? File, IReadOnlyList<PolicyProblem> Problems) Bad(string path, int line, string reason)
        => (null, [new PolicyProblem(path, line, reason, KeepsOld: false)]);

    // The serializer's own sentences name types of ours, and places by byte.
    private static string Reason(JsonException malformed)
    {
        string key = (malformed.Path ?? "").TrimStart('$', '.');
        string message = malformed.Message.Split(" Path: $")[0].Split(" LineNumber: ")[0].TrimEnd('.');
        bool isOfSerializer = message.StartsWith("The JSON value could not be converted", StringComparison.Ordinal);
        string reason = isOfSerializer ? "the value is of another kind than this key takes (docs/policies.md)" : message;
        return key.Length > 0 ? $"{key}: {reason}" : reason;
    }
}
