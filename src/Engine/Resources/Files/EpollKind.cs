using System.Runtime.CompilerServices;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>epoll_create(2). What a set watches is told by the descriptor numbers of long ago; kcmp(2) tells which open files they are.</summary>
internal sealed class EpollKind : IFileKind
{
    private readonly List<(OpenDescriptor Descriptor, EpollWatch Watch, int Repetition, Images.EpollTarget Image)> _unresolved = [];

    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) => descriptor.IsAnonymous("[eventpoll]");

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        image.Kind = OpenFile.Types.Kind.Epoll;
        var repetitions = new Dictionary<int, int>();
        foreach (var watch in SpecialFiles.Epoll(descriptor.Info))
        {
            var target = new Images.EpollTarget { Number = watch.Number, Events = watch.Events, Data = watch.Data };
            var repetition = repetitions.GetValueOrDefault(watch.Number);
            repetitions[watch.Number] = repetition + 1;
            image.EpollTargets.Add(target);
            _unresolved.Add((descriptor, watch, repetition, target));
        }

        return null;
    }

    /// <summary>Finds the open files that the sets watch, once all descriptors of the job are known.</summary>
    /// <param name="files">Every open file with one descriptor of it.</param>
    /// <param name="refused">Inodes of descriptors that are refused anyway.</param>
    /// <param name="findings">Receives what is watched and not held by the job.</param>
    public void Resolve(IReadOnlyCollection<KeyValuePair<DescriptorReference, uint>> files, IReadOnlySet<ulong> refused, FindingList findings)
    {
        var byInode = files.ToLookup(file => file.Key.Inode);
        foreach (var (epoll, watch, repetition, image) in _unresolved)
        {
            var likelyFirst = byInode[watch.Inode].OrderByDescending(file => file.Key.Process == epoll.Process && file.Key.Number == watch.Number);
            image.OpenFile = likelyFirst.FirstOrDefault(file => IsWatched(file.Key, epoll, watch.Number, repetition)).Value;
            if (image.OpenFile == 0 && !refused.Contains(watch.Inode))
            {
                findings.Refuse(
                    epoll.Process, "descriptor",
                    $"Descriptor {epoll.Number} of process {epoll.Process} is an epoll set that watches a file (once descriptor {watch.Number}) that no process of the job holds any more; it cannot be carried.");
            }
        }
    }

    private static unsafe bool IsWatched(DescriptorReference file, OpenDescriptor epoll, int number, int repetition)
    {
        var slot = new kcmp_epoll_slot { efd = (uint)epoll.Number, tfd = (uint)number, toff = (uint)repetition };
        return Kcmp.Compare(Interop.Task.KCMP_EPOLL_TFD, file.Process.Value, epoll.Process.Value, file.Number, (nint)Unsafe.AsPointer(ref slot)) == 0;
    }
}
