using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Checkpointer.EndToEnd.Tests.Interop;
using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>What the service tells of itself: metrics, alerts, and the page, as a browser shows it.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class ReportingTests(ProgramFixture programs) : IDisposable
{
    private readonly string _policies = Directory.CreateTempSubdirectory("checkpointer-e2e-").FullName;

    public void Dispose() => Directory.Delete(_policies, recursive: true);

    [RootFact]
    public void Service_WithAPolicyFile_DumpsMeasuresAndAlerts()
    {
        using var session = Session.StartUnregistered(programs, "fd_offsets");
        string told = Path.Combine(_policies, "told");
        using var service = Serve(session, told);
        service.WaitForGenerations(2);

        string metrics = service.Get("/metrics");
        session.Job.Kill();
        Wait.UntilHolds(() => Assert.StartsWith("failure job job ended: ", File.Exists(told) ? File.ReadAllText(told) : "nothing", StringComparison.Ordinal));
        Wait.UntilHolds(() => Assert.Contains("checkpointer_crashes_total{job=\"job\"} 1\n", service.Get("/metrics"), StringComparison.Ordinal));

        Assert.Contains("checkpointer_job_running{job=\"job\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("checkpointer_freeze_seconds_bucket{job=\"job\",le=\"+Inf\"}", metrics, StringComparison.Ordinal);
        Assert.Contains("checkpointer_last_success_age_seconds{job=\"job\"} ", metrics, StringComparison.Ordinal);
        Assert.Contains("checkpointer_job_running{job=\"job\"} 0\n", service.Get("/metrics"), StringComparison.Ordinal);
        Assert.Equal(metrics.Split('\n').Count(line => line.StartsWith('#')), service.GetBySocket("/metrics").Split('\n').Count(line => line.StartsWith('#')));
    }

    [RootFact]
    public void Service_WithHooks_RunsThemAroundEachDump()
    {
        using var session = Session.StartUnregistered(programs, "fd_offsets");
        string told = Path.Combine(_policies, "told");
        using var service = Serve(session, told);
        service.WaitForGenerations(2);

        Wait.UntilHolds(() => Assert.StartsWith(
            $"before job {session.Job.Pid}\nafter ok job/1\nbefore job {session.Job.Pid}\nafter ok job/2\n", File.ReadAllText(told + ".hooks"), StringComparison.Ordinal));
    }

    [RootFact]
    public void Service_WhenTheHostGoesDown_TakesOneMoreGeneration()
    {
        using var session = Session.StartUnregistered(programs, "fd_offsets");

        // What systemd says while it shuts the host down.
        string systemctl = Path.Combine(_policies, "systemctl");
        File.WriteAllText(systemctl, "#!/bin/sh\necho stopping\nexit 1\n");
        File.SetUnixFileMode(systemctl, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        using (var service = Serve(session, Path.Combine(_policies, "told"), every: "1h"))
        {
            service.WaitForGenerations(1);
        }

        Assert.Equal(2, session.Cli.Run("generations", "job").Expect(0).Json.Count);
        session.Finish();
    }

    [RootFactWith("chromium")]
    public void StatusPage_InABrowser_ShowsTheJob()
    {
        using var session = Session.StartUnregistered(programs, "fd_offsets");
        using var service = Serve(session, Path.Combine(_policies, "told"));
        service.WaitForGenerations(3);

        string page = service.Browse();

        Assert.Contains("data-job=\"job\"", page, StringComparison.Ordinal);
        Assert.Contains(">running</span>", page, StringComparison.Ordinal);
        Assert.Contains(">every 1s</span>", page, StringComparison.Ordinal);
        Assert.Contains("newest good generation ", page, StringComparison.Ordinal);
        Assert.Contains("freeze time: ", page, StringComparison.Ordinal);
        Assert.True(page.Split("<rect").Length > 2 * 3, page);
        Assert.True(page.Split("<line").Length > 3, page);
        Assert.Contains("; 1 job(s)</p>", page, StringComparison.Ordinal);
        Assert.Contains("status.token", service.Browse(token: "wrong"), StringComparison.Ordinal);
    }

    private Service Serve(Session session, string told, string every = "1s")
    {
        File.WriteAllText(
            Path.Combine(_policies, "quick.json"),
            $$"""
            {
              "schedule": { "every": "{{every}}" },
              "retention": { "keepLast": 10 },
              "events": { "onShutdown": true },
              "hooks": {
                "before": ["/bin/sh", "-c", "echo before $CHECKPOINTER_JOB $CHECKPOINTER_PID >> {{told}}.hooks"],
                "after": ["/bin/sh", "-c", "echo after $CHECKPOINTER_OUTCOME $CHECKPOINTER_GENERATION >> {{told}}.hooks"]
              },
              "alerts": { "command": ["/bin/sh", "-c", "echo \"$CHECKPOINTER_ALERT_KIND $CHECKPOINTER_ALERT_MESSAGE\" >> {{told}}"] }
            }
            """);
        return new Service(session, _policies);
    }

    /// <summary>A service that cares for the session's job, and shows its page on some port.</summary>
    private sealed class Service : IDisposable
    {
        private const int SigTerm = 15;
        private readonly Session _session;
        private readonly CliRun _run;
        private readonly string _address = $"127.0.0.1:{FreePort()}";
        private readonly HttpClient _http = new();

        public Service(Session session, string policies)
        {
            _session = session;
            string[] settings = [$"CHECKPOINTER_Status__Address={_address}", $"CHECKPOINTER_Policies__Directory={policies}", $"PATH={policies}:{Environment.GetEnvironmentVariable("PATH")}"];
            _run = session.Cli.StartProgram(["/usr/bin/env", .. settings, .. Cli.Program, "daemon", "--json", "--store", session.Cli.Store]);
            Wait.Until(() => _run.Lines.Count > 0 || _run.HasEnded, Wait.Patience, () => "the service does not serve");
            if (_run.HasEnded)
            {
                throw new InvalidOperationException(_run.Finish().ToString());
            }

            _ = session.Cli.Run("register", Session.RegisteredName, "--pid", $"{session.Job.Pid}", "--policy", "quick").Expect(0);
        }

        private string Token => File.ReadAllText(Path.Combine(_session.Cli.Store, "status.token"));

        public void Dispose()
        {
            // Its end is clean, and leaves the job to the session.
            _ = Child.Signal(_run.Pid, SigTerm);
            _run.Finish();
            _http.Dispose();
        }

        public void WaitForGenerations(int count) => Wait.UntilHolds(() =>
        {
            using var overview = JsonDocument.Parse(Get("/api/overview"));
            Assert.True(overview.RootElement.GetProperty("jobs")[0].GetProperty("generations").GetArrayLength() >= count, overview.RootElement.ToString());
        });

        public string Get(string path) => Read(_http, $"http://{_address}{path}?token={Token}");

        public string GetBySocket(string path)
        {
            var endPoint = new UnixDomainSocketEndPoint(Path.Combine(_session.Cli.Store, "control.sock"));
            using var http = new HttpClient(new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancellation) =>
                {
                    var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await socket.ConnectAsync(endPoint, cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            });
            return Read(http, $"http://checkpointer{path}");
        }

        // The document as it is after its script has asked and drawn.
        public string Browse(string? token = null) => _session.Cli.StartProgram(
        [
            "/usr/bin/env", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--virtual-time-budget=3000",
            $"--user-data-dir={Path.Combine(_session.Directory, "browser")}", "--dump-dom",
            $"http://{_address}/?token={token ?? Token}",
        ]).Finish().Expect(0).Output;

        private static string Read(HttpClient http, string address)
        {
            using HttpResponseMessage answer = http.Send(new HttpRequestMessage(HttpMethod.Get, new Uri(address)));
            using var reader = new StreamReader(answer.EnsureSuccessStatusCode().Content.ReadAsStream());
            return reader.ReadToEnd();
        }

        private static int FreePort()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
    }
}
