namespace Checkpointer.CrashLab.Kit;

/// <summary>Something of the laboratory itself does not work: a package, a tool, a boot.</summary>
public sealed class LabException(string message) : Exception(message);
