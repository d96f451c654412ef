using System.Globalization;
using System.Text;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Gives a process its login ID, which the audit system of the kernel knows it by. Only a task itself may set it, and threads get that of their maker.
/// Precondition: the process is still root's and has one thread and no descriptors; it has none afterwards.
/// </summary>
internal static class LoginBuilder
{
    /// <summary>Sets it. Where the host does not let anybody, that is logged: the job runs as well without.</summary>
    public static void Set(RestoredProcess process, ILogger logger)
    {
        var image = process.Images.Process;
        if (!image.HasLoginId || ProcFs.TryLoginId(process.Id) is not { } now || now == image.LoginId)
        {
            return;
        }

        using var file = OwnFd.Open(ProcFs.PathOf(process.Id, "loginuid"), FileFlag.O_WRONLY | FileFlag.O_CLOEXEC);
        var us = process.Call("pidfd_open", Sys.PidfdOpen, (ulong)Libc.getpid(), 0);
        var number = process.Call("pidfd_getfd", Sys.PidfdGetfd, us, (ulong)file.Number, 0);
        var text = Encoding.ASCII.GetBytes(image.LoginId.ToString(CultureInfo.InvariantCulture));
        process.Memory.Write(process.Arguments, text);
        using (var injection = process.Inject(process.Leader))
        {
            var written = injection.Call(Sys.Write, number, process.Arguments.Address, (ulong)text.Length);
            if (written.IsError)
            {
                RestoreLog.LoginLost(logger, process.Id.Value, image.LoginId, written.Errno.ToString());
            }
        }

        process.Call("close", Sys.Close, number);
        process.Call("close", Sys.Close, us);
    }
}
