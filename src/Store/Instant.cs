namespace Checkpointer.Store;

/// <summary>Times as they are stored: whole microseconds since 1970, UTC.</summary>
internal static class Instant
{
    /// <summary>Rounds down to what can be stored.</summary>
    public static DateTimeOffset Truncate(DateTimeOffset time) => FromMicroseconds(ToMicroseconds(time));

    /// <summary>To microseconds.</summary>
    public static long ToMicroseconds(DateTimeOffset time)
        => (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>From microseconds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Beyond the years that a date can hold.</exception>
    public static DateTimeOffset FromMicroseconds(long microseconds)
        => Math.Abs((double)microseconds) < 9.2e17 / TimeSpan.TicksPerMicrosecond
            ? DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond)
            : throw new ArgumentOutOfRangeException(nameof(microseconds));
}
