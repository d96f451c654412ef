using System.Text.Json;
using System.Text.Json.Serialization;
using Checkpointer.Engine;

namespace Checkpointer.Scheduler.Policies;

/// <summary>How policies are remembered with jobs: names in snake_case, what is not said is left out, what is not known is an error.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(JobPolicy))]
internal sealed partial class PolicyJson : JsonSerializerContext;

/// <summary>How policies are written in files: names in camelCase, comments are allowed, what is not known or said twice is an error.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    AllowDuplicateProperties = false,
    WriteIndented = true,
    Converters = [typeof(WordConverter<FileChoice>), typeof(WordConverter<TcpChoice>)])]
[JsonSerializable(typeof(JobPolicy))]
internal sealed partial class PolicyFileJson : JsonSerializerContext;
