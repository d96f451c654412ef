using Checkpointer.Engine;
using Xunit;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>A way of tracking and taking pages, by its name in theories. What a generation holds must not depend on it.</summary>
internal static class DumpMode
{
    /// <summary>As configured by default.</summary>
    public const string Auto = "auto";

    /// <summary>Everything is read and copied with the job standing still.</summary>
    public const string StopAndCopy = "stop and copy";

    private static readonly Dictionary<string, Func<EngineOptions>> _modes = new()
    {
        [Auto] = () => new EngineOptions(),
        ["tracked, copied"] = () => new EngineOptions { Capture = CaptureChoice.Copy, Precopy = false },
        ["tracked, cloned"] = () => new EngineOptions { Capture = CaptureChoice.Clone, Precopy = false },
        ["tracked, precopied, cloned"] = () => new EngineOptions { Capture = CaptureChoice.Clone },
        ["compared, cloned"] = () => new EngineOptions { WriteProtect = false, Capture = CaptureChoice.Clone },
        [StopAndCopy] = () => new EngineOptions { WriteProtect = false, Capture = CaptureChoice.Copy, Precopy = false },
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyCollection<string> All => _modes.Keys;

    /// <summary>Fresh options of a mode.</summary>
    public static EngineOptions Options(string mode) => _modes[mode]();

    /// <summary>Every program that changes in steps, in every mode.</summary>
    public static TheoryData<string, string> OfPrograms()
    {
        var data = new TheoryData<string, string>();
        foreach (var program in TestProgram.InSteps)
        {
            foreach (var mode in All)
            {
                data.Add(program.Name, mode);
            }
        }

        return data;
    }
}
