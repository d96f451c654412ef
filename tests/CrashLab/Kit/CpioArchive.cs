using System.Globalization;
using System.Text;

namespace Checkpointer.CrashLab.Kit;

/// <summary>An archive for an initial RAM disk: the "new ASCII" format of the kernel's Documentation/driver-api/early-userspace/buffer-format.rst.</summary>
internal sealed class CpioArchive(Stream output) : IDisposable
{
    private const uint Directory = 0x4000 | 0x1ed; // S_IFDIR, 0755
    private const uint Executable = 0x8000 | 0x1ed; // S_IFREG, 0755
    private const uint Link = 0xa000 | 0x1ff; // S_IFLNK
    private int _entries;

    public void AddDirectory(string name) => Add(name, Directory, []);

    public void AddFile(string name, byte[] contents) => Add(name, Executable, contents);

    public void AddLink(string name, string target) => Add(name, Link, Encoding.ASCII.GetBytes(target));

    /// <inheritdoc/>
    public void Dispose()
    {
        Add("TRAILER!!!", 0, []);
        output.Dispose();
    }

    private void Add(string name, uint mode, byte[] contents)
    {
        uint[] fields = [(uint)++_entries, mode, 0, 0, 1, 0, (uint)contents.Length, 0, 0, 0, 0, (uint)name.Length + 1, 0];
        var header = "070701" + string.Concat(fields.Select(field => field.ToString("X8", CultureInfo.InvariantCulture)));
        Write(Encoding.ASCII.GetBytes(header + name + '\0'));
        Write(contents);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        output.Write(stackalloc byte[-bytes.Length & 3]); // all parts begin at multiples of four: header and name together have such a length
    }
}
