using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Checkpointer.Scheduler.Schedules;

/// <summary>Spreads jobs with the same schedule over time: by their names, so that a job keeps its place over restarts and never drifts.</summary>
internal static class Spread
{
    /// <summary>The place of a job in a span of time: from zero to just below <paramref name="span"/>.</summary>
    public static TimeSpan Of(string job, TimeSpan span)
    {
        // A cryptographic hash because names differ in their last digit only, and their places must not.
        ulong hash = BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(job)));
        return new TimeSpan((long)((UInt128)hash * (ulong)span.Ticks >> 64));
    }
}
