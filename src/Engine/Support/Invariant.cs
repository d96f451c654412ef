namespace Checkpointer.Engine.Support;

/// <summary>A programming error that was caught before it could hurt a job or an image.</summary>
internal sealed class InvariantViolationException(string message) : Exception(message);

/// <summary>Checks that stay on in release builds.</summary>
internal static class Invariant
{
    /// <summary>Throws where the condition does not hold.</summary>
    public static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new InvariantViolationException(message);
        }
    }
}
