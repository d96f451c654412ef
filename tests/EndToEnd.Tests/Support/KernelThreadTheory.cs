using Xunit;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>A theory that needs root and a visible kernel thread; a container has none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KernelThreadTheoryAttribute : TheoryAttribute
{
    public KernelThreadTheoryAttribute() => Skip = Privileges.MissingRoot ?? (Find() is null ? "no kernel thread is visible" : null);

    /// <summary>The PID of a kernel thread that lives as long as the kernel: kthreadd, always 2 where it is visible.</summary>
    public static int? Find()
    {
        const int KthreaddPid = 2;
        return ProcFacts.Exists(KthreaddPid) && ProcFacts.IsKernelThread(KthreaddPid) ? KthreaddPid : null;
    }
}
