using System.Globalization;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>Lets the kernel hand out huge pages beyond its pool, for programs that have memory in them.</summary>
internal sealed class HugePagePool : IDisposable
{
    private const int Pages = 128;
    private const string Limit = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_overcommit_hugepages";
    private readonly string? _before;

    /// <summary>Raises the limit; nothing is set aside by that.</summary>
    public HugePagePool()
    {
        if (IsThere)
        {
            _before = File.ReadAllText(Limit);
            File.WriteAllText(Limit, (int.Parse(_before, CultureInfo.InvariantCulture) + Pages).ToString(CultureInfo.InvariantCulture));
        }
    }

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
