using System.Net;
using System.Reflection;
using System.Text.Json;
using Checkpointer.Scheduler.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Scheduler.Status;

/// <summary>Shows the status page and the metrics on a loopback port, to whoever knows the token. Read-only: it answers GET and nothing else.</summary>
/// <param name="token">The word that is asked for, as <c>?token=</c> or as a bearer.</param>
/// <param name="overview">What the page shows.</param>
/// <param name="metrics">The metrics as text.</param>
internal sealed class StatusServer(StatusToken token, Func<Overview> overview, Func<string> metrics)
{
    // The page is whole in itself: what a command line of a job could smuggle in would find nothing to load, and nobody to tell.
    private const string Policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
    private const string Bearer = "Bearer ";

    private static readonly string _page = ReadPage();

    /// <summary>Listens until disposed of.</summary>
    /// <param name="endPoint">Where; port 0 for any.</param>
    /// <param name="loggers">Where it logs.</param>
    public async Task<WebApplication> StartAsync(IPEndPoint endPoint, ILoggerFactory loggers)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "checkpointer" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(endPoint);
            kestrel.AddServerHeader = false;
        });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        WebApplication host = builder.Build();
        host.Run(AnswerAsync);
        try
        {
            await host.StartAsync();
            return host;
        }
        catch (IOException taken)
        {
            await host.DisposeAsync();
            throw new SchedulerException(SchedulerFailure.BadConfiguration, $"the status page cannot listen on {endPoint}: {taken.Message}", "set Status:Address to a free port", taken);
        }
    }

    private static string ReadPage()
    {
        using Stream resource = Assembly.GetExecutingAssembly().GetManifestResourceStream("Checkpointer.Scheduler.Status.page.html")!;
        using var reader = new StreamReader(resource);
        return reader.ReadToEnd();
    }

    private Task AnswerAsync(HttpContext context)
    {
        context.Response.Headers.ContentSecurityPolicy = Policy;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers["Referrer-Policy"] = "no-referrer"; // the address holds the token
        context.Response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            return RefuseAsync(context, StatusCodes.Status405MethodNotAllowed, "only GET");
        }

        if (!token.Is(TokenOf(context.Request)))
        {
            return RefuseAsync(context, StatusCodes.Status401Unauthorized, $"the token in the file {StatusToken.FileName} of the store is needed, as ?token=... or as a bearer");
        }

        return context.Request.Path.Value switch
        {
            "/" => WriteAsync(context, "text/html; charset=utf-8", _page),
            "/api/overview" => WriteAsync(context, "application/json", JsonSerializer.Serialize(overview(), OverviewJson.Default.Overview)),
            "/metrics" => WriteAsync(context, ServiceMetrics.ContentType, metrics()),
            _ => RefuseAsync(context, StatusCodes.Status404NotFound, "there are /, /api/overview and /metrics"),
        };
    }

    private static string? TokenOf(HttpRequest request)
    {
        string? header = request.Headers.Authorization;
        return header is not null && header.StartsWith(Bearer, StringComparison.Ordinal) ? header[Bearer.Length..] : request.Query["token"];
    }

    private static Task WriteAsync(HttpContext context, string type, string text)
    {
        context.Response.ContentType = type;
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    private static Task RefuseAsync(HttpContext context, int status, string why)
    {
        context.Response.StatusCode = status;
        return WriteAsync(context, "text/plain; charset=utf-8", why + "\n");
    }

    /// <summary>Whoever starts it ends it.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
