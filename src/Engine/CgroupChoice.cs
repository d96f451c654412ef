namespace Checkpointer.Engine;

/// <summary>Which cgroups a restored job is put into.</summary>
public enum CgroupChoice
{
    /// <summary>That of checkpointer in place of the one that the job's first process was in, as under a batch system, which has given a new one. What the job had made below
    /// it is made again.</summary>
    Here,

    /// <summary>Those that it was in; where one is gone it is made again, with its limits.</summary>
    Original,

    /// <summary>That of checkpointer, all of it.</summary>
    Ignore,
}
