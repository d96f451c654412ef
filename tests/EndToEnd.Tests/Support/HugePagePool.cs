using System.Globalization;
using Xunit;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>Lets the kernel hand out huge pages beyond its pool, for programs that have memory in them.</summary>
internal sealed class HugePagePool : IDisposable
{
    private const int Pages = 128;
    private const string Limit = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_overcommit_hugepages";
    private readonly string? _before;

    /// <summary>Raises the limit; nothing is set aside by that.</summary>
    public HugePagePool()
        : this(now => now + Pages)
    {
    }

    private HugePagePool(Func<int, int> limit)
    {
        if (IsThere)
        {
            _before = File.ReadAllText(Limit);
            File.WriteAllText(Limit, limit(int.Parse(_before, CultureInfo.InvariantCulture)).ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Has the kernel hand out none but those of its pool, which is empty unless somebody has filled it.</summary>
    public static HugePagePool WithNone() => new(_ => 0);

    /// <summary>True where there can be huge pages, and we may ask for them.</summary>
    public static bool IsThere => Privileges.MissingRoot is null && File.Exists(Limit);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_before is not null)
        {
            File.WriteAllText(Limit, _before);
        }
    }
}

/// <summary>A test that needs root and a kernel with huge pages.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class HugePageFactAttribute : FactAttribute
{
    public HugePageFactAttribute() => Skip = Privileges.MissingRoot ?? (HugePagePool.IsThere ? null : "this kernel has no huge pages of 2 MiB");
}
