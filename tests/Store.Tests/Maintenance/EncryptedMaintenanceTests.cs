namespace Checkpointer.Store.Tests.Maintenance;

/// <summary><see cref="CrashTests"/> in a store that is encrypted.</summary>
public sealed class EncryptedCrashTests : CrashTests
{
    public EncryptedCrashTests() => UseKeyFile();
}

/// <summary><see cref="RepairTests"/> in a store that is encrypted.</summary>
public sealed class EncryptedRepairTests : RepairTests
{
    public EncryptedRepairTests() => UseKeyFile();
}
