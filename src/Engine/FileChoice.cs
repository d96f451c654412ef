namespace Checkpointer.Engine;

/// <summary>What a generation carries of the regular files that a job writes.</summary>
public enum FileChoice
{
    /// <summary>Their contents: a restore puts back whatever differs.</summary>
    Contents,

    /// <summary>Their sizes: a restore cuts what was appended, and tells what else differs.</summary>
    Sizes,

    /// <summary>Nothing: a restore leaves them as they are, and tells what differs.</summary>
    None,
}
