using System.Runtime.InteropServices;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Task = Checkpointer.Engine.Interop.Task;

namespace Checkpointer.Engine.Restore;

/// <summary>Gives a thread its identity and rights; from then on it may do no more than the job may.</summary>
internal static class CredentialsBuilder
{
    private const int CapabilitiesMax = 64;
    private const ulong CapabilityBytes = 32; // header and sets
    private const ulong SetUid = 1 << 7; // CAP_SETUID
    private const uint KeepCapabilities = 1 << 4; // SECBIT_KEEP_CAPS

    /// <summary>Adds the calls to a batch; the argument structures are written to the gate.</summary>
    /// <param name="target">Where in the gate; room for the groups and two capability sets is needed.</param>
    public static void Add(SyscallBatch batch, RestoredProcess process, RemotePtr target, Credentials credentials, int lastCapability)
    {
        var groups = MemoryMarshal.AsBytes<uint>(credentials.Groups.ToArray());
        process.Memory.Write(target, groups);
        batch.Add("setgroups", Sys.Setgroups, [(ulong)credentials.Groups.Count, target.Address]);
        for (var capability = 0; capability <= lastCapability; capability++)
        {
            if ((credentials.Bounding & (1ul << capability)) == 0)
            {
                batch.Add($"prctl(PR_CAPBSET_DROP, {capability})", Sys.Prctl, [Task.PR_CAPBSET_DROP, (ulong)capability]);
            }
        }

        // Keep the permitted set over the change of user; capset(2) then sets it exactly.
        batch.Add("prctl(PR_SET_SECUREBITS)", Sys.Prctl, [Task.PR_SET_SECUREBITS, credentials.SecureBits | KeepCapabilities]);
        var capabilities = target + ((ulong)groups.Length + 15) / 16 * 16;
        AddIds(batch, process, capabilities, credentials);
        AddCapabilities(batch, process, capabilities, credentials);
        if (credentials.NoNewPrivileges)
        {
            batch.Add("prctl(PR_SET_NO_NEW_PRIVS)", Sys.Prctl, [Task.PR_SET_NO_NEW_PRIVS, 1]);
        }
    }

    /// <summary>All IDs. Those of the file system follow the effective ones, unless the job set them apart.</summary>
    private static void AddIds(SyscallBatch batch, RestoredProcess process, RemotePtr target, Credentials credentials)
    {
        batch.Add("setresgid", Sys.Setresgid, [credentials.Gids[0], credentials.Gids[1], credentials.Gids[2]]);
        if (credentials.Gids[3] != credentials.Gids[1])
        {
            AddFileSystemId(batch, "setfsgid", Sys.Setfsgid, credentials.Gids[3]);
        }

        batch.Add("setresuid", Sys.Setresuid, [credentials.Uids[0], credentials.Uids[1], credentials.Uids[2]]);
        if (credentials.Uids[3] != credentials.Uids[1])
        {
            // The change of user has left no effective capability, and any ID takes one.
            var data = AddCapabilityData(process, target, new Credentials { Effective = SetUid, Permitted = credentials.Permitted | SetUid });
            batch.Add("capset", Sys.Capset, [target.Address, data.Address]);
            AddFileSystemId(batch, "setfsuid", Sys.Setfsuid, credentials.Uids[3]);
        }
    }

    /// <summary>These calls never fail: they answer with the ID before, and one that is no ID changes nothing.</summary>
    private static void AddFileSystemId(SyscallBatch batch, string what, Sys number, uint id)
    {
        batch.Add(what, number, [id]);
        batch.Add($"{what} to {id}", number, [uint.MaxValue], id);
    }

    private static void AddCapabilities(SyscallBatch batch, RestoredProcess process, RemotePtr target, Credentials credentials)
    {
        var data = AddCapabilityData(process, target + CapabilityBytes, credentials);
        // KEEP_CAPS off again first, while CAP_SETPCAP may still be there; PR_SET_KEEPCAPS needs no right.
        var keeps = (credentials.SecureBits & KeepCapabilities) != 0 ? 1ul : 0ul;
        batch.Add("prctl(PR_SET_KEEPCAPS)", Sys.Prctl, [Task.PR_SET_KEEPCAPS, keeps]);
        batch.Add("capset", Sys.Capset, [(target + CapabilityBytes).Address, data.Address]);
        for (var capability = 0; capability < CapabilitiesMax; capability++)
        {
            if ((credentials.Ambient & (1ul << capability)) != 0)
            {
                batch.Add("prctl(PR_CAP_AMBIENT_RAISE)", Sys.Prctl, [Task.PR_CAP_AMBIENT, Task.PR_CAP_AMBIENT_RAISE, (ulong)capability, 0, 0]);
            }
        }
    }

    /// <summary>Writes the arguments of capset(2): a header at <paramref name="target"/>, and the sets.</summary>
    /// <returns>Where the sets are.</returns>
    private static RemotePtr AddCapabilityData(RestoredProcess process, RemotePtr target, Credentials credentials)
    {
        process.Memory.Write(target, (ulong)Task.LINUX_CAPABILITY_VERSION_3);
        var data = target + sizeof(ulong);
        process.Memory.Write(data, new user_cap_data
        {
            effective0 = LowHalf(credentials.Effective),
            permitted0 = LowHalf(credentials.Permitted),
            inheritable0 = LowHalf(credentials.Inheritable),
            effective1 = (uint)(credentials.Effective >> 32),
            permitted1 = (uint)(credentials.Permitted >> 32),
            inheritable1 = (uint)(credentials.Inheritable >> 32),
        });
        return data;
    }

    private static uint LowHalf(ulong set) => (uint)(set & uint.MaxValue);
}
