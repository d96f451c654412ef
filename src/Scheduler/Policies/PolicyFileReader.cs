using System.Text.Json;

namespace Checkpointer.Scheduler.Policies;

/// <summary>Reads one policy file. What is wrong with it is told with its line.</summary>
internal static class PolicyFileReader
{
    /// <summary>How the names of policy files end.</summary>
    public const string Extension = ".json";

    /// <summary>Policies are written by people: more than this is some other file.</summary>
    private const long BytesMax = 1 << 20;

    /// <summary>Reads a file.</summary>
    /// <returns>Either what it says, or what is wrong with it.</returns>
    public static (PolicyFile? File, PolicyProblem? Problem) Read(string path)
    {
        try
        {
            return new FileInfo(path).Length > BytesMax
                ? (null, new PolicyProblem(path, 0, "the file is too large for a policy", KeepsOld: false))
                : Parse(path, File.ReadAllBytes(path));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return (null, new PolicyProblem(path, 0, unreadable.Message, KeepsOld: false));
        }
    }

    private static (PolicyFile? File, PolicyProblem? Problem) Parse(string path, byte[] text)
    {
        try
        {
            JobPolicy policy = JsonSerializer.Deserialize(text, PolicyFileJson.Default.JobPolicy) ?? throw new JsonException("a policy is an object, not null");
            string name = Path.GetFileNameWithoutExtension(path);
            return (new PolicyFile(name, path, policy with { From = name }), null);
        }
        catch (JsonException malformed)
        {
            return (null, new PolicyProblem(path, (int)(malformed.LineNumber ?? 0) + 1, malformed.Message, KeepsOld: false));
        }
    }
}
