using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Checkpointer.Scheduler.Daemon;

/// <summary>Tells the service manager how we are, sd_notify(3): a datagram to the socket that NOTIFY_SOCKET names. Without that variable nobody wants to know.</summary>
internal sealed class ServiceManager(string? address, string? watchdogMicroseconds)
{
    /// <summary>The one that started us.</summary>
    public static ServiceManager OfEnvironment()
        => new(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"), Environment.GetEnvironmentVariable("WATCHDOG_USEC"));

    /// <summary>How often it wants a sign of life, halved as sd_watchdog_enabled(3) advises; null for never.</summary>
    public TimeSpan? WatchdogPeriod { get; }
        = long.TryParse(watchdogMicroseconds, NumberStyles.None, CultureInfo.InvariantCulture, out long period) && period > 0
            ? TimeSpan.FromMicroseconds(period) / 2
            : null;

    /// <summary>We serve.</summary>
    public void Ready(string status) => Send($"READY=1\nSTATUS={status}");

    /// <summary>We live.</summary>
    public void Alive() => Send("WATCHDOG=1");

    /// <summary>We read again what may have changed, and say <see cref="Ready"/> when that is done. The time tells the manager which wish of it this answers.</summary>
    public void Reloading()
        => Send(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={Stopwatch.GetElapsedTime(0).TotalMicroseconds:0}")); // counts CLOCK_MONOTONIC

    /// <summary>We end.</summary>
    public void Stopping() => Send("STOPPING=1");

    private void Send(string message)
    {
        if (string.IsNullOrEmpty(address))
        {
            return;
        }

        // An address that begins with @ is in the abstract name space.
        var target = new UnixDomainSocketEndPoint(address[0] == '@' ? '\0' + address[1..] : address);
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.SendTo(Encoding.UTF8.GetBytes(message), target);
        }
        catch (SocketException)
        {
            // Who does not listen does not want to know; a manager that misses signs of life acts on that.
        }
    }
}
