using System.Runtime.Loader;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Checkpointer.CrashLab.Guest;

/// <summary>
/// Runs the tests of an assembly, as <c>dotnet test</c> does, which needs an SDK that the virtual machine has not. Says the name of each, and how it ended.
/// </summary>
internal static class Suite
{
    /// <summary>Runs those tests whose names contain some parts.</summary>
    /// <returns>Exit code: 0 where some were run and all of them passed.</returns>
    public static int Run(string path, IReadOnlyList<string> parts)
    {
        var resolver = new AssemblyDependencyResolver(path);
        AssemblyLoadContext.Default.Resolving += (context, name) => resolver.ResolveAssemblyToPath(name) is { } found ? context.LoadFromAssemblyPath(found) : null;
        var assembly = AssemblyLoadContext.Default.LoadFromAssemblyPath(path);
        using var framework = new XunitTestFramework(new Sink());
        using var found = new Sink();
        using var discoverer = framework.GetDiscoverer(Reflector.Wrap(assembly));
        discoverer.Find(includeSourceInformation: false, found, new Choices());
        found.Finished.WaitOne();

        var wanted = found.Cases.Where(test => parts.All(part => test.DisplayName.Contains(part, StringComparison.Ordinal))).ToList();
        using var results = new Sink();
        using var executor = framework.GetExecutor(assembly.GetName());
        executor.RunTests(wanted, results, new Choices());
        results.Finished.WaitOne();
        Console.WriteLine($"SUITE {results.Passed} passed, {results.Failed} failed, {results.Skipped} skipped");
        return results.Passed > 0 && results.Failed == 0 ? 0 : 1;
    }

    /// <summary>Collects test cases and tells results.</summary>
    private sealed class Sink : Xunit.LongLivedMarshalByRefObject, IMessageSink, IDisposable
    {
        public List<ITestCase> Cases { get; } = [];

        public ManualResetEvent Finished { get; } = new(false);

        public int Passed { get; private set; }

        public int Failed { get; private set; }

        public int Skipped { get; private set; }

        public bool OnMessage(IMessageSinkMessage message)
        {
            switch (message)
            {
                case ITestCaseDiscoveryMessage discovered:
                    Cases.Add(discovered.TestCase);
                    break;
                case ITestPassed passed:
                    Passed++;
                    Tell("passed", passed);
                    break;
                case ITestSkipped skipped:
                    Skipped++;
                    Tell("skipped", skipped, skipped.Reason);
                    break;
                case ITestFailed failed:
                    Failed++;
                    Tell("FAILED", failed, Describe(failed));
                    break;
                case IErrorMessage or ITestClassCleanupFailure or ITestCollectionCleanupFailure or ITestAssemblyCleanupFailure:
                    Failed++;
                    Console.WriteLine($"SUITE error: {Describe((IFailureInformation)message)}");
                    break;
                case IDiscoveryCompleteMessage or ITestAssemblyFinished:
                    Finished.Set();
                    break;
                default:
                    break;
            }

            return true;
        }

        public void Dispose() => Finished.Dispose();

        private static string Describe(IFailureInformation failure) => string.Join('\n', failure.Messages) + "\n" + string.Join('\n', failure.StackTraces);

        private static void Tell(string how, ITestResultMessage result, string more = "")
            => Console.WriteLine($"SUITE {how}: {result.Test.DisplayName} ({result.ExecutionTime:F1} s) {more}".TrimEnd());
    }

    /// <summary>One test after the other; all else is as by default.</summary>
    private sealed class Choices : ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
    {
        private readonly Dictionary<string, object?> _values = new()
        {
            ["xunit.execution.DisableParallelization"] = true,
            ["xunit.execution.SynchronousMessageReporting"] = true,
        };

        public TValue? GetValue<TValue>(string name) => _values.TryGetValue(name, out var value) ? (TValue?)value : default;

        public void SetValue<TValue>(string name, TValue value) => _values[name] = value;
    }
}
