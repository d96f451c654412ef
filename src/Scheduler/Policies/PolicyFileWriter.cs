using System.Text.Json;

namespace Checkpointer.Scheduler.Policies;

/// <summary>Writes policies as they stand in files.</summary>
internal static class PolicyFileWriter
{
    /// <summary>As text.</summary>
    public static string ToText(JobPolicy policy) => JsonSerializer.Serialize(policy, PolicyFileJson.Default.JobPolicy);

    /// <summary>As part of another object.</summary>
    public static JsonElement ToElement(JobPolicy policy) => JsonSerializer.SerializeToElement(policy, PolicyFileJson.Default.JobPolicy);
}
