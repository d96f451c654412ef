using System.Globalization;
using System.Runtime.InteropServices;
using Checkpointer.Engine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Composition;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary>Tries by use what the store needs from this host: the part of <c>doctor</c> that is not the engine's.</summary>
internal sealed class StoreProbe(IRooms rooms)
{
    /// <summary>Room for one pack of the default size and its index four times over; under it dumps of ordinary jobs start to fail.</summary>
    private const long FreeBytesWanted = 1L << 30;

    /// <summary>The lines of doctor about the store.</summary>
    public IReadOnlyList<HostCapability> Probe()
    {
        string directory = rooms.StoreDirectory;
        HostCapability store = ProbeStore(directory);
        return [ProbeCompression(), store, ProbeWriting(directory), ProbeSpace(directory)];
    }

    private static HostCapability ProbeCompression()
    {
        const string Library = "liblz4.so.1";
        if (NativeLibrary.TryLoad(Library, out nint handle))
        {
            NativeLibrary.Free(handle);
            return new HostCapability("liblz4", CapabilityState.Works, $"{Library} was loaded", null);
        }

        return new HostCapability(
            "liblz4", CapabilityState.Missing, $"{Library} cannot be loaded", "install it: apt-get install liblz4-1");
    }

    private HostCapability ProbeStore(string directory)
    {
        try
        {
            using IJobStore store = rooms.OpenStore();
            string jobs = string.Create(CultureInfo.InvariantCulture, $"{store.Directory} was opened, {store.Jobs().Count} job(s)");
            return new HostCapability("store", CapabilityState.Works, jobs, null);
        }
        catch (StoreException failure) when (failure.Reason == StoreFailure.NoStore)
        {
            return new HostCapability("store", CapabilityState.Works, $"{directory} is no store yet; `register` makes it", null);
        }
        catch (StoreException failure)
        {
            return new HostCapability("store", CapabilityState.Missing, failure.Message, failure.Hint);
        }
    }

    private static HostCapability ProbeWriting(string directory)
    {
        string existing = NearestExisting(directory);
        string probe = Path.Combine(existing, $".checkpointer-doctor-{Environment.ProcessId}");
        try
        {
            using (new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose))
            {
                return new HostCapability("store-writable", CapabilityState.Works, $"a file was made in {existing}", null);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new HostCapability(
                "store-writable", CapabilityState.Missing, failure.Message, "run as its owner, or name another place with --store");
        }
    }

    private static HostCapability ProbeSpace(string directory)
    {
        long free = new DriveInfo(NearestExisting(directory)).AvailableFreeSpace;
        string detail = $"{Quantity.Bytes(free)} are free under {directory}";
        return free >= FreeBytesWanted
            ? new HostCapability("store-space", CapabilityState.Works, detail, null)
            : new HostCapability("store-space", CapabilityState.Degraded, detail, "free some space, or move the store");
    }

    private static string NearestExisting(string directory)
    {
        string? place = directory;
        while (place is not null && !Directory.Exists(place))
        {
            place = Path.GetDirectoryName(place);
        }

        return place ?? "/";
    }
}
