using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Checkpointer.Scheduler.Cli.Rendering;

namespace Checkpointer.Scheduler.Control;

/// <summary>The command line's end of the control socket.</summary>
internal sealed class ControlClient : IDisposable
{
    /// <summary>Name of the socket in the directory of a store.</summary>
    public const string SocketName = "control.sock";

    private readonly HttpClient _http;

    private ControlClient(string socket)
    {
        var endPoint = new UnixDomainSocketEndPoint(socket);
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await connection.ConnectAsync(endPoint, cancellation);
                    return new NetworkStream(connection, ownsSocket: true);
                }
                catch
                {
                    connection.Dispose();
                    throw;
                }
            },
        };
        _http = new HttpClient(handler, disposeHandler: true) { BaseAddress = new Uri("http://checkpointer"), Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Connects to the service of a store. Null where none answers: a socket file without a listener is what a service that was killed has left.</summary>
    public static ControlClient? TryConnect(string storeDirectory)
    {
        string socket = Path.Combine(storeDirectory, SocketName);
        if (!File.Exists(socket))
        {
            return null;
        }

        var client = new ControlClient(socket);
        try
        {
            _ = client.Ask(HttpMethod.Get, "/v1/status", CliJson.Lines.DaemonLine, CancellationToken.None);
            return client;
        }
        catch (HttpRequestException)
        {
            client.Dispose();
            return null;
        }
    }

    /// <summary>Asks for lines.</summary>
    /// <exception cref="ControlException">The service says why not.</exception>
    public IReadOnlyList<T> Ask<T>(HttpMethod method, string path, JsonTypeInfo<T> type, CancellationToken cancellation)
        => Ask<T, object>(method, path, null, null, type, cancellation);

    /// <summary>Asks for one line, with a body.</summary>
    /// <exception cref="ControlException">The service says why not.</exception>
    public T Post<T, TBody>(string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<T> type, CancellationToken cancellation)
        where TBody : class
        => Ask(HttpMethod.Post, path, body, bodyType, type, cancellation)[0];

    /// <summary>Asks for one line, without a body.</summary>
    /// <exception cref="ControlException">The service says why not.</exception>
    public T Post<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation) => Ask(HttpMethod.Post, path, type, cancellation)[0];

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private T[] Ask<T, TBody>(
        HttpMethod method, string path, TBody? body, JsonTypeInfo<TBody>? bodyType, JsonTypeInfo<T> type, CancellationToken cancellation)
        where TBody : class
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(JsonSerializer.Serialize(body, bodyType!), Encoding.UTF8, "application/json");
        }

        using HttpResponseMessage response = _http.Send(request, cancellation);
        using var reader = new StreamReader(response.Content.ReadAsStream(cancellation));
        string[] lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return response.IsSuccessStatusCode
            ? [.. lines.Select(line => JsonSerializer.Deserialize(line, type)!)]
            : throw new ControlException(lines.Length > 0 ? JsonSerializer.Deserialize(lines[0], CliJson.Lines.ErrorLine)! : new ErrorLine($"the service answered {(int)response.StatusCode}", null, 1, []));
    }
}
