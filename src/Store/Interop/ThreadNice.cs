namespace Checkpointer.Store.Interop;

/// <summary>Nice level of the calling thread. On Linux it is an attribute of each thread (setpriority(2), NOTES).</summary>
internal static class ThreadNice
{
    /// <summary>Raises the calling thread's nice level; one that is as high already stays, for lowering it takes a privilege.</summary>
    public static void RaiseTo(int nice)
    {
        if (nice > Current && Libc.setpriority(Libc.PRIO_PROCESS, 0, nice) < 0)
        {
            throw new StoreException(StoreFailure.Failed, $"setpriority({nice}): {LastError.Describe(LastError.Get())}");
        }
    }

    /// <summary>Level of the calling thread. -1 may also mean a failure, which cannot happen for a thread that lives.</summary>
    public static int Current => Libc.getpriority(Libc.PRIO_PROCESS, 0);
}
