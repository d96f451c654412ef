using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Checkpointer.Store.Encryption;

namespace Checkpointer.Store.Interop;

/// <summary>
/// Overview. A file layer of SQLite (sqlite.org/vfs.html) over the usual one of the system: what SQLite reads and writes goes through <see cref="BlockFile"/>, everything else, locks and
/// shared memory first of all, to the usual one. Shared memory holds numbers of pages and no contents. Each file that SQLite opens is this structure, then that of the usual layer.
/// Registered under a name of its own for as long as it lives.
/// </summary>
internal sealed unsafe class EncryptedVfs : IDisposable
{
    private const int IoError = 10; // SQLITE_IOERR
    private const int NotFound = 12; // SQLITE_NOTFOUND
    private const int OpenLog = 0x80000; // SQLITE_OPEN_WAL
    private const int OpenKinds = 0xfff00; // all SQLITE_OPEN_ flags that say what a file is
    private const int OpenKindShift = 8;
    private const int ControlMapping = 18; // SQLITE_FCNTL_MMAP_SIZE
    private const int Atomic = 0x1ff | 0x4000; // SQLITE_IOCAP_ATOMIC*, SQLITE_IOCAP_BATCH_ATOMIC: blocks are longer on the disk

    private static readonly SqliteMethods* _methods = NewMethods();
    private static int _count;

    private readonly SqliteVfs* _usual;
    private readonly SqliteVfs* _ours;
    private GCHandle _self;

    /// <summary>Registers it.</summary>
    /// <exception cref="StoreException">Failed: SQLite has no usual layer, or refuses.</exception>
    public EncryptedVfs(CipherSet ciphers)
    {
        Ciphers = ciphers;
        Name = string.Create(CultureInfo.InvariantCulture, $"checkpointer-{Interlocked.Increment(ref _count)}");
        _usual = Sqlite.sqlite3_vfs_find(null);
        _self = GCHandle.Alloc(this);
        _ours = (SqliteVfs*)NativeMemory.Alloc((nuint)sizeof(SqliteVfs));
        *_ours = *_usual;
        _ours->FileBytes += sizeof(OpenFile);
        _ours->Next = null;
        _ours->Name = (byte*)Marshal.StringToCoTaskMemUTF8(Name);
        _ours->AppData = (void*)GCHandle.ToIntPtr(_self);
        _ours->Open = &Open;
        if (Sqlite.sqlite3_vfs_register(_ours, 0) != BlockFile.Ok)
        {
            throw new StoreException(StoreFailure.Failed, "SQLite does not take a file layer");
        }
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    private CipherSet Ciphers { get; }

    /// <summary>Takes the name back. The structure stays, some 200 bytes: SQLite holds on to a connection, and by it to this, until the last statement of it is gone.</summary>
    public void Dispose()
    {
        if (_ours->AppData is not null)
        {
            _ = Sqlite.sqlite3_vfs_unregister(_ours);
            _ours->AppData = null;
            _self.Free();
        }
    }

    private static SqliteMethods* NewMethods()
    {
        var methods = (SqliteMethods*)NativeMemory.AllocZeroed((nuint)sizeof(SqliteMethods));
        methods->Version = 2; // 3 has mapped reading, which would see what is on the disk
        methods->Close = &Close;
        methods->Read = &Read;
        methods->Write = &Write;
        methods->Truncate = &Truncate;
        methods->Sync = &Sync;
        methods->FileSize = &FileSize;
        methods->Lock = &Lock;
        methods->Unlock = &Unlock;
        methods->CheckReservedLock = &CheckReservedLock;
        methods->FileControl = &FileControl;
        methods->SectorSize = &SectorSize;
        methods->DeviceCharacteristics = &DeviceCharacteristics;
        methods->ShmMap = &ShmMap;
        methods->ShmLock = &ShmLock;
        methods->ShmBarrier = &ShmBarrier;
        methods->ShmUnmap = &ShmUnmap;
        return methods;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(SqliteVfs* vfs, byte* name, SqliteFile* file, int flags, int* outFlags)
    {
        try
        {
            *file = default; // so that a failure has nothing to close
            if (vfs->AppData is null)
            {
                return IoError;
            }

            var self = (EncryptedVfs)GCHandle.FromIntPtr((nint)vfs->AppData).Target!;
            *(OpenFile*)file = default;
            var usual = Usual(file);
            var result = self._usual->Open(self._usual, name, usual, flags, outFlags);
            if (result == BlockFile.Ok)
            {
                var kind = unchecked((byte)((flags & OpenKinds) >> OpenKindShift));
                var blocks = new BlockFile(new UsualFile(usual), self.Ciphers, kind, (flags & OpenLog) != 0);
                ((OpenFile*)file)->Blocks = GCHandle.ToIntPtr(GCHandle.Alloc(blocks));
                file->Methods = _methods;
            }

            return result;
        }
#pragma warning disable CA1031 // the caller is C
        catch (Exception)
#pragma warning restore CA1031
        {
            return IoError;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Close(SqliteFile* file)
    {
        var result = Do(file, Work.Flush, null, 0, 0);
        GCHandle.FromIntPtr(((OpenFile*)file)->Blocks).Free();
        file->Methods = null;
        var closed = Usual(file)->Methods->Close(Usual(file));
        return result == BlockFile.Ok ? closed : result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Read(SqliteFile* file, void* target, int count, long offset) => Do(file, Work.Read, target, count, offset);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(SqliteFile* file, void* source, int count, long offset) => Do(file, Work.Write, source, count, offset);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Truncate(SqliteFile* file, long size) => Do(file, Work.Truncate, null, 0, size);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sync(SqliteFile* file, int flags)
    {
        var result = Do(file, Work.Flush, null, 0, 0);
        return result == BlockFile.Ok ? Usual(file)->Methods->Sync(Usual(file), flags) : result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FileSize(SqliteFile* file, long* size) => Do(file, Work.Size, size, 0, 0);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Lock(SqliteFile* file, int level) => Usual(file)->Methods->Lock(Usual(file), level);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Unlock(SqliteFile* file, int level) => Usual(file)->Methods->Unlock(Usual(file), level);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CheckReservedLock(SqliteFile* file, int* result) => Usual(file)->Methods->CheckReservedLock(Usual(file), result);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FileControl(SqliteFile* file, int operation, void* argument) => operation == ControlMapping ? NotFound : Usual(file)->Methods->FileControl(Usual(file), operation, argument);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SectorSize(SqliteFile* file) => Usual(file)->Methods->SectorSize(Usual(file));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int DeviceCharacteristics(SqliteFile* file) => Usual(file)->Methods->DeviceCharacteristics(Usual(file)) & ~Atomic;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ShmMap(SqliteFile* file, int region, int bytes, int extend, void** target) => Usual(file)->Methods->ShmMap(Usual(file), region, bytes, extend, target);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ShmLock(SqliteFile* file, int offset, int count, int flags) => Usual(file)->Methods->ShmLock(Usual(file), offset, count, flags);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void ShmBarrier(SqliteFile* file) => Usual(file)->Methods->ShmBarrier(Usual(file));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ShmUnmap(SqliteFile* file, int delete) => Usual(file)->Methods->ShmUnmap(Usual(file), delete);

    private static SqliteFile* Usual(SqliteFile* file) => (SqliteFile*)((OpenFile*)file + 1);

    // No lambdas: SQLite reads and writes pages by the ten thousand.
    private static int Do(SqliteFile* file, Work work, void* buffer, int count, long offset)
    {
        try
        {
            var blocks = (BlockFile)GCHandle.FromIntPtr(((OpenFile*)file)->Blocks).Target!;
            return work switch
            {
                Work.Read => blocks.Read(offset, new Span<byte>(buffer, count)),
                Work.Write => blocks.Write(offset, new ReadOnlySpan<byte>(buffer, count)),
                Work.Truncate => blocks.Truncate(offset),
                Work.Size => blocks.Size(out *(long*)buffer),
                _ => blocks.FlushHeader(),
            };
        }
#pragma warning disable CA1031 // the caller is C
        catch (Exception)
#pragma warning restore CA1031
        {
            return IoError;
        }
    }

    private enum Work
    {
        Read,
        Write,
        Truncate,
        Size,
        Flush,
    }

    /// <summary>What we put in front of the usual layer's structure.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct OpenFile
    {
        public SqliteFile File;
        public nint Blocks;
    }
}
