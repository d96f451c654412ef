namespace Checkpointer.Engine.Images;

/// <summary>Version and names of images.</summary>
internal static class ImageVersion
{
    /// <summary>Version that this engine writes; it reads no newer one.</summary>
    public const uint Current = 2;

    /// <summary>The only architecture so far.</summary>
    public const string Architecture = "x86_64";

    /// <summary>Image of <see cref="Images.Inventory"/>.</summary>
    public const string Inventory = "inventory";

    /// <summary>Image of <see cref="Images.Files"/>.</summary>
    public const string Files = "files";

    /// <summary>Image of <see cref="Images.FileContents"/>; absent in generations of older versions.</summary>
    public const string FileContents = "files/contents";

    /// <summary>Image of a <see cref="Images.Vdso"/>; absent in generations of older versions.</summary>
    public const string Vdso = "vdso";

    /// <summary>Image of <see cref="Images.SystemV"/>; absent where the job uses nothing of it.</summary>
    public const string SystemV = "sysv";

    /// <summary>Image of a <see cref="Images.Process"/>.</summary>
    public static string Process(int pid) => $"process/{pid}";

    /// <summary>Image of an <see cref="AddressSpace"/>, and the content with its pages.</summary>
    public static string Memory(int pid) => $"memory/{pid}";

    /// <summary>The content with the bytes of a <see cref="Images.SharedMemory"/>.</summary>
    public static string Shared(uint id) => $"shared/{id}";
}
