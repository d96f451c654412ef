using System.Text.Json;
using System.Text.Json.Serialization;

namespace Checkpointer.Scheduler.Policies;

/// <summary>Values that people write as text, such as <c>15m</c>.</summary>
/// <typeparam name="T">What they mean.</typeparam>
internal abstract class TextConverter<T> : JsonConverter<T>
    where T : struct
{
    /// <summary>What is allowed, as the end of a sentence.</summary>
    protected abstract string Rule { get; }

    /// <inheritdoc/>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? text = reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString(),
            JsonTokenType.Number => System.Text.Encoding.UTF8.GetString(reader.ValueSpan),
            _ => null,
        };
        return text is not null && TryParse(text, out T value) ? value
            : throw new JsonException(text is null ? $"this is not {Rule}" : $"'{text}' is not {Rule}");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(Format(value));

    /// <summary>Reads one.</summary>
    protected abstract bool TryParse(string text, out T value);

    /// <summary>Writes one as it is read.</summary>
    protected abstract string Format(T value);
}
