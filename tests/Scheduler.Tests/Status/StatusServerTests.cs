using System.Net;
using System.Text.Json;
using Checkpointer.Scheduler.Status;
using Checkpointer.Scheduler.Tests.Fakes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointer.Scheduler.Tests.Status;

public sealed class StatusServerTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryDirectory _place = new();
    private readonly HttpClient _http = new();
    private readonly StatusToken _token;
    private WebApplication? _server;

    public StatusServerTests() => _token = StatusToken.Of(_place.Path);

    public async Task InitializeAsync()
    {
        _server = await new StatusServer(_token, () => Example, () => "a 1\n").StartAsync(new IPEndPoint(IPAddress.Loopback, 0), NullLoggerFactory.Instance);
        _http.BaseAddress = new Uri(_server.Urls.First());
    }

    public async Task DisposeAsync() => await _server!.DisposeAsync();

    public void Dispose()
    {
        _http.Dispose();
        _place.Dispose();
    }

    [Fact]
    public async Task Overview_IsWhatThereIs()
    {
        using var overview = JsonDocument.Parse(await _http.GetStringAsync(At($"/api/overview?token={_token.Word}")));

        JsonElement job = overview.RootElement.GetProperty("jobs")[0];
        Assert.Equal("md", job.GetProperty("job").GetString());
        Assert.Equal(1234, job.GetProperty("generations")[0].GetProperty("freeze_us").GetInt64());
        Assert.Equal("/store", overview.RootElement.GetProperty("store").GetProperty("directory").GetString());
    }

    [Fact]
    public async Task Page_IsWholeInItself()
    {
        using HttpResponseMessage answer = await _http.GetAsync(At($"/?token={_token.Word}"));
        string page = await answer.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("default-src 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.DoesNotContain("innerHTML", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("src=", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_AreForABearer()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, At("/metrics"));
        request.Headers.Authorization = new("Bearer", _token.Word);

        using HttpResponseMessage answer = await _http.SendAsync(request);

        Assert.Equal("a 1\n", await answer.Content.ReadAsStringAsync());
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/?token=")]
    [InlineData("/?token=wrong")]
    [InlineData("/api/overview")]
    [InlineData("/metrics?token=0")]
    [InlineData("/nothing")]
    public async Task Anything_WithoutTheToken_IsRefused(string path)
    {
        using HttpResponseMessage answer = await _http.GetAsync(At(path));

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.DoesNotContain("md", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_IsRefused()
    {
        using HttpResponseMessage answer = await _http.PostAsync(At($"/api/overview?token={_token.Word}"), null);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
    }

    [Fact]
    public async Task AnotherServer_OnTheSamePort_SaysSo()
    {
        var taken = new IPEndPoint(IPAddress.Loopback, _http.BaseAddress!.Port);

        SchedulerException failure = await Assert.ThrowsAsync<SchedulerException>(
            () => new StatusServer(_token, () => Example, () => "").StartAsync(taken, NullLoggerFactory.Instance));

        Assert.StartsWith($"the status page cannot listen on {taken}: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Token_IsMadeOnceAndForItsOwnerAlone()
    {
        string file = Path.Combine(_place.Path, StatusToken.FileName);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(48, _token.Word.Length);
        Assert.Equal(_token.Word, StatusToken.Of(_place.Path).Word);
        File.WriteAllText(file, "");
        Assert.Throws<SchedulerException>(() => StatusToken.Of(_place.Path));
    }

    private static Uri At(string path) => new(path, UriKind.Relative);

    private static Overview Example { get; } = new(
        FakeStore.Epoch,
        new StoreOverview("/store", 1, 2, 3, 4, 5, 6),
        [new JobOverview("md", "running", "every 15m", null, FakeStore.Epoch, "lmp <b>", [new GenerationOverview("md/1", FakeStore.Epoch, "full", 1234, 5, 6, Pinned: false, Damaged: false)])]);
}
