using System.Runtime.CompilerServices;

namespace Checkpointer.Store;

/// <summary>A bug of ours, found before it reached the disk. Never caught below the job boundary.</summary>
internal sealed class InvariantViolationException(string message) : Exception(message);

/// <summary>Assertions that are always on, for what guards bytes on disk.</summary>
internal static class Invariant
{
    /// <summary>Throws unless the condition holds.</summary>
    public static void Require(bool condition, [InterpolatedStringHandlerArgument(nameof(condition))] ref Message message)
    {
        if (!condition)
        {
            throw new InvariantViolationException(message.ToString());
        }
    }

    /// <summary>Formats only when the condition fails: assertions stand on hot paths.</summary>
    [InterpolatedStringHandler]
    public ref struct Message
    {
        private DefaultInterpolatedStringHandler _text;

        public Message(int literalLength, int formattedCount, bool condition, out bool isEnabled)
        {
            isEnabled = !condition;
            _text = condition ? default : new DefaultInterpolatedStringHandler(literalLength, formattedCount, System.Globalization.CultureInfo.InvariantCulture);
        }

        public void AppendLiteral(string value) => _text.AppendLiteral(value);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public override string ToString() => _text.ToString();
    }
}
