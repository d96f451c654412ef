using System.Runtime.InteropServices;

namespace Checkpointer.Store.Interop;

/// <summary>sqlite3_file (sqlite3.h): what every open file begins with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SqliteFile
{
    public SqliteMethods* Methods;
}

/// <summary>sqlite3_io_methods (sqlite3.h), version 2.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SqliteMethods
{
    public int Version;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int> Close;
    public delegate* unmanaged[Cdecl]<SqliteFile*, void*, int, long, int> Read;
    public delegate* unmanaged[Cdecl]<SqliteFile*, void*, int, long, int> Write;
    public delegate* unmanaged[Cdecl]<SqliteFile*, long, int> Truncate;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int, int> Sync;
    public delegate* unmanaged[Cdecl]<SqliteFile*, long*, int> FileSize;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int, int> Lock;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int, int> Unlock;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int*, int> CheckReservedLock;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int, void*, int> FileControl;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int> SectorSize;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int> DeviceCharacteristics;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int, int, int, void**, int> ShmMap;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int, int, int, int> ShmLock;
    public delegate* unmanaged[Cdecl]<SqliteFile*, void> ShmBarrier;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int, int> ShmUnmap;
    public void* Fetch;
    public void* Unfetch;
}

/// <summary>sqlite3_vfs (sqlite3.h), version 3. What is not ours to change has no type here.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SqliteVfs
{
    public int Version;
    public int FileBytes;
    public int PathBytesMax;
    public SqliteVfs* Next;
    public byte* Name;
    public void* AppData;
    public delegate* unmanaged[Cdecl]<SqliteVfs*, byte*, SqliteFile*, int, int*, int> Open;
    public void* Delete;
    public void* Access;
    public void* FullPathname;
    public void* DlOpen;
    public void* DlError;
    public void* DlSym;
    public void* DlClose;
    public void* Randomness;
    public void* Sleep;
    public void* CurrentTime;
    public void* GetLastError;
    public void* CurrentTimeInt64;
    public void* SetSystemCall;
    public void* GetSystemCall;
    public void* NextSystemCall;
}

/// <summary>The calls of SQLite that its .NET binding lacks, in the library that it brings.</summary>
internal static unsafe partial class Sqlite
{
    private const string Library = "e_sqlite3";

    /// <summary>sqlite3.h: sqlite3_vfs_find. The usual one where the name is null.</summary>
    [LibraryImport(Library)]
    public static partial SqliteVfs* sqlite3_vfs_find(byte* name);

    /// <summary>sqlite3.h: sqlite3_vfs_register.</summary>
    [LibraryImport(Library)]
    public static partial int sqlite3_vfs_register(SqliteVfs* vfs, int isDefault);

    /// <summary>sqlite3.h: sqlite3_vfs_unregister.</summary>
    [LibraryImport(Library)]
    public static partial int sqlite3_vfs_unregister(SqliteVfs* vfs);
}
