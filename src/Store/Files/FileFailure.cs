using Checkpointer.Store.Interop;

namespace Checkpointer.Store.Files;

/// <summary>Turns an errno into the store's words.</summary>
internal static class FileFailure
{
    /// <summary>The failure of <paramref name="operation"/> on <paramref name="path"/>.</summary>
    public static StoreException From(string operation, string path, Errno error)
    {
        var message = $"{operation} {path}: {LastError.Describe(error)}";
        return error switch
        {
            Errno.ENOSPC or Errno.EDQUOT => new StoreException(
                StoreFailure.Full, message, "free space on the file system of the store; generations committed so far are whole"),
            Errno.EACCES or Errno.EPERM or Errno.EROFS => new StoreException(
                StoreFailure.NotPermitted, message, "run as the owner of the store, or choose another directory with --store"),
            _ => new StoreException(StoreFailure.Failed, message),
        };
    }
}
