using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Checkpointer.EndToEnd.Tests.Interop;
using Checkpointer.EndToEnd.Tests.Support;

namespace Checkpointer.Benchmarks;

/// <summary>What the service costs that dumps many jobs every minute, and whether it keeps up: small C programs of 4 MiB that change 1 % of it each second.</summary>
internal sealed class JobsBenchmark(Place place) : IBenchmark
{
    private const int Mebibytes = 4;
    private const int PauseMilliseconds = 100; // heartbeats every 200 us of 200 jobs would be all that the processors do
    private const int Terminate = 15; // SIGTERM
    private const double TicksPerSecond = 100; // sysconf(_SC_CLK_TCK), 100 on Linux for x86-64
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan _interval = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public void Run(TextWriter output)
    {
        var measured = place.IsQuick ? _interval : 3 * _interval;
        output.WriteLine(
            $"`every 1m`, `keepLast` 2, each job {Mebibytes} MiB. Measured over {measured.TotalMinutes:0} min, from when each job had its first generation. CPU is of one processor; memory is that of the service. `apart` is "
            + "between the begins of two generations of a job; `at once` the most begins in a second; `late` how many due times had no dump of their own.\n");
        var table = new Table(output, "jobs", "first dumps s", "dumps", "CPU %", "CPU ms a dump", "memory MiB", "peak MiB", "freeze ms median", "freeze ms most", "apart s least", "median", "most", "at once", "late");
        foreach (var count in place.IsQuick ? [20] : new[] { 50, 200 })
        {
            Measure(table, count, measured);
        }
    }

    private void Measure(Table table, int count, TimeSpan measured)
    {
        var store = place.NewStore();
        var jobs = new List<int>();
        var service = Spawn(Service(), ["daemon", "--json", "--store", store], "service");
        try
        {
            using var http = Client(Path.Combine(store, "control.sock"));
            Wait.Until(() => File.Exists(Path.Combine(place.Directory, "service.out")) && new FileInfo(Path.Combine(place.Directory, "service.out")).Length > 0, _patience, () => "the service does not begin");
            for (var number = 0; number < count; number++)
            {
                jobs.Add(Spawn(place.Executable("dirty_rate"), [Path.Combine(place.Directory, $"j{number}"), Mebibytes, 1, 1, 1000, "scattered", "random", PauseMilliseconds], $"j{number}"));
            }

            Wait.Until(() => Enumerable.Range(0, count).All(number => new FileInfo(Path.Combine(place.Directory, $"j{number}.out")).Length > 0), _patience, () => "a job is not ready");
            var begun = Stopwatch.GetTimestamp();
            for (var number = 0; number < count; number++)
            {
                Post(http, $$$$"""{"name":"j{{{{number}}}}","pid":{{{{jobs[number]}}}},"policy":{"schedule":{"every":"1m"},"retention":{"keepLast":2}}}""");
            }

            Wait.Until(() => Status(http).TrueForAll(job => job.GetProperty("generations").GetInt32() > 0), _patience, () => "not every job is dumped");
            var first = Stopwatch.GetElapsedTime(begun);
            var row = Watch(http, service, count, measured);
            table.Row([$"{count}", first.Seconds(), .. row]);
        }
        finally
        {
            jobs.ForEach(job => End(job, Libc.SIGKILL));
            End(service, Terminate);
        }
    }

    private static List<string> Watch(HttpClient http, int service, int count, TimeSpan measured)
    {
        var (begun, cpu, missed) = (Stopwatch.GetTimestamp(), CpuSeconds(service), Metric(http, "checkpointer_missed_schedules_total"));
        var starts = new Dictionary<string, SortedDictionary<long, DateTimeOffset>>();
        var freezes = new Dictionary<(string, long), double>();
        for (var look = _interval / 4; look <= measured; look += _interval / 4)
        {
            // Two are kept of each job, and looked at four times in each interval.
            Wait.Until(() => Stopwatch.GetElapsedTime(begun) >= look, measured + _patience, () => "the clock stands still");
            Look(http, count, starts, freezes);
        }

        var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        var used = CpuSeconds(service) - cpu;
        var from = TimeProvider.System.GetUtcNow() - TimeSpan.FromSeconds(seconds);
        var apart = starts.Values.SelectMany(of => of.Values.Zip(of.Values.Skip(1), (one, next) => (next - one).TotalSeconds)).Order().ToList();
        var dumps = starts.Values.SelectMany(of => of.Values).Where(at => at >= from).ToList();
        var most = dumps.GroupBy(at => at.ToUnixTimeSeconds()).Max(group => group.Count());
        var frozen = freezes.Values.Order().ToList();
        return
        [
            $"{dumps.Count}", $"{100 * used / seconds:F1}", $"{1000 * used / dumps.Count:F1}", $"{Kilobytes(service, "VmRSS") / 1024:F0}", $"{Kilobytes(service, "VmHWM") / 1024:F0}",
            $"{frozen[frozen.Count / 2]:F1}", $"{frozen[^1]:F1}", $"{apart[0]:F1}", $"{apart[apart.Count / 2]:F1}", $"{apart[^1]:F1}", $"{most}",
            $"{Metric(http, "checkpointer_missed_schedules_total") - missed:F0}",
        ];
    }

    private static void Look(HttpClient http, int count, Dictionary<string, SortedDictionary<long, DateTimeOffset>> starts, Dictionary<(string, long), double> freezes)
    {
        for (var number = 0; number < count; number++)
        {
            var name = $"j{number}";
            var of = starts.TryGetValue(name, out var known) ? known : starts[name] = [];
            foreach (var generation in Get(http, $"/v1/jobs/{name}/generations"))
            {
                var which = long.Parse(generation.GetProperty("generation").GetString()!.Split('/')[1], CultureInfo.InvariantCulture);
                of[which] = generation.GetProperty("created_at").GetDateTimeOffset();
                if (which > 1)
                {
                    freezes[(name, which)] = generation.GetProperty("freeze_us").GetInt64() / 1000.0;
                }
            }
        }
    }

    private int Spawn(string file, object[] arguments, string name)
    {
        var environment = new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin" };
        foreach (var variable in new[] { "DOTNET_ROOT", "HOME" }.Where(variable => Environment.GetEnvironmentVariable(variable) is not null))
        {
            environment[variable] = Environment.GetEnvironmentVariable(variable)!;
        }

        return Spawner.Spawn(new SpawnRequest(
            file, [.. arguments.Select(argument => $"{argument}")], environment, Path.Combine(place.Directory, $"{name}.out"), Path.Combine(place.Directory, $"{name}.err"), place.Directory));
    }

    private static string Service() => Environment.GetEnvironmentVariable("E2E_PROGRAM") is { Length: > 0 } published ? published : Path.Combine(AppContext.BaseDirectory, "checkpointer");

    private static void End(int process, int signal)
    {
        _ = Child.Signal(process, signal);
        _ = Child.Reap(process, _patience, () => $"process {process} does not end");
    }

    private static double CpuSeconds(int process)
    {
        var stat = File.ReadAllText($"/proc/{process}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond; // utime, stime
    }

    private static double Kilobytes(int process, string field)
        => double.Parse(File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith(field + ":", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    private static double Metric(HttpClient http, string name)
        => Text(http, new HttpRequestMessage(HttpMethod.Get, "/metrics")).Split('\n').Where(line => line.StartsWith(name + "{", StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));

    private static List<JsonElement> Status(HttpClient http) => Get(http, "/v1/jobs");

    private static List<JsonElement> Get(HttpClient http, string path)
        => [.. Text(http, new HttpRequestMessage(HttpMethod.Get, path)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    private static void Post(HttpClient http, string body)
        => _ = Text(http, new HttpRequestMessage(HttpMethod.Post, "/v1/jobs") { Content = new StringContent(body, Encoding.UTF8, "application/json") });

    private static string Text(HttpClient http, HttpRequestMessage request)
    {
        using var sent = request;
        using var response = http.Send(sent);
        using var reader = new StreamReader(response.Content.ReadAsStream());
        var text = reader.ReadToEnd();
        return response.IsSuccessStatusCode ? text : throw new InvalidOperationException(text);
    }

    private static HttpClient Client(string socket) => new(
        new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
                return new NetworkStream(connection, ownsSocket: true);
            },
        },
        disposeHandler: true)
    {
        BaseAddress = new Uri("http://checkpointer"),
        Timeout = Timeout.InfiniteTimeSpan,
    };
}
