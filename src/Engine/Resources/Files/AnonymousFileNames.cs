namespace Checkpointer.Engine.Resources;

/// <summary>Words for descriptors that have no file: what /proc/PID/fd/N shows as <c>anon_inode:</c>.</summary>
internal static class AnonymousFileNames
{
    private static readonly (string Target, string Name)[] _names =
    [
        ("[eventpoll]", "an epoll set"),
        ("[eventfd]", "an eventfd"),
        ("[timerfd]", "a timerfd"),
        ("[signalfd]", "a signalfd"),
        ("inotify", "an inotify watch"),
        ("[fanotify]", "a fanotify group"),
        ("[io_uring]", "an io_uring"),
        ("[pidfd]", "a pidfd"),
        ("[userfaultfd]", "a userfaultfd"),
        ("[perf_event]", "a performance counter (perf_event)"),
        ("bpf-", "a BPF object"),
    ];

    /// <summary>What it is, for a person.</summary>
    public static string Of(string target)
    {
        const string Prefix = "anon_inode:";
        var kind = target.StartsWith(Prefix, StringComparison.Ordinal) ? target[Prefix.Length..] : target;
        var name = _names.FirstOrDefault(entry => kind.StartsWith(entry.Target, StringComparison.Ordinal)).Name;
        return name is null ? $"{target}, a kind of file that this version does not know" : $"{name} ({target})";
    }
}
