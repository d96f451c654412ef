using System.Text.Json.Serialization;

namespace Checkpointer.Scheduler.Policies;

/// <summary>How policies are written: names in snake_case, what is not said is left out, what is not known is an error.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(JobPolicy))]
internal sealed partial class PolicyJson : JsonSerializerContext;
