namespace Checkpointer.Engine;

/// <summary>How pages are taken inside the freeze.</summary>
public enum CaptureChoice
{
    /// <summary>Decided inside the freeze from the number of dirty pages.</summary>
    Auto,

    /// <summary>Always copied while the job stands still.</summary>
    Copy,

    /// <summary>Always read beside the job from a stopped clone of it; copied where no clone can be made.</summary>
    Clone,
}
