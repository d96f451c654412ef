using System.Diagnostics;
using System.Runtime.InteropServices;
using Checkpointer.EndToEnd.Tests.Interop;
using Checkpointer.EndToEnd.Tests.Support;
using Checkpointer.Store.Chunking;
using Checkpointer.Store.Interop;
using Checkpointer.Store.Packs;

namespace Checkpointer.Benchmarks;

/// <summary>How small and how fast the store's encoder makes memory of several kinds, on one thread, beside the command lines of lz4 and zstd on the same bytes.</summary>
internal sealed class CodecBenchmark(Place place) : IBenchmark
{
    private const int Samples = 3;
    private static readonly TimeSpan _timeout = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    public void Run(TextWriter output)
    {
        var bytes = (place.IsQuick ? 32 : 256) << 20;
        output.WriteLine($"{bytes >> 20} MiB each, in windows of 64 KiB, one thread, medians of {Samples}; GB of plain bytes per second. `store` is all that the encoder does: probe, encode, guard, decode and");
        output.WriteLine("compare. `lz4 -1` and `zstd -3` read the same bytes from the page cache as one stream and write to /dev/null.\n");
        var table = new Table(output, "memory", "store ratio", "GB/s", "decode GB/s", "raw, LZ4, by 4, by 8 %", "lz4 ratio", "GB/s", "zstd ratio", "GB/s");
        foreach (var (name, make) in Contents())
        {
            var plain = make(bytes);
            var file = Path.Combine(place.Directory, "plain");
            File.WriteAllBytes(file, plain);
            var store = Enumerable.Range(0, Samples).Select(_ => Encode(plain)).ToList();
            var lz4 = Command("lz4", ["-1", "-q", "-c"], file);
            var zstd = Command("zstd", ["-3", "-q", "-c", "-T1"], file);
            table.Row(
                name, Ratio(bytes, store[0].Stored), Rate(bytes, store.Select(run => run.Encoding).Median()), Rate(bytes, store.Select(run => run.Decoding).Median()),
                string.Join(", ", store[0].Chosen.Select(count => $"{100L * count * Geometry.ChunkBytesMax / bytes}")),
                Ratio(bytes, lz4.Stored), Rate(bytes, lz4.Duration), Ratio(bytes, zstd.Stored), Rate(bytes, zstd.Duration));
        }
    }

    private static IEnumerable<(string Name, Func<int, byte[]> Make)> Contents()
    {
        yield return ("float64, random walk", bytes => Bytes(Fill(new double[bytes / 8], Walk(1e-3))));
        yield return ("float64, normal", bytes => Bytes(Fill(new double[bytes / 8], Normal())));
        yield return ("float32, random walk", bytes => Bytes(Fill(new double[bytes / 4], Walk(1e-3)).Select(value => (float)value).ToArray()));
        yield return ("int64, sorted", bytes => Bytes(Fill(new long[bytes / 8], Steps(1000))));
        yield return ("int32, below 1000", bytes => Bytes(Fill(new int[bytes / 4], Below(1000))));
        yield return ("job: walk, normal, sorted, below 1000, zeros", Job);
        yield return ("text: sources of this repository", Text);
        yield return ("noise", bytes => Noise(bytes));
    }

    // As a NumPy program has it: arrays of several MiB, one after the other.
    private static byte[] Job(int bytes)
    {
        var fifth = bytes / 5 / Geometry.ChunkBytesMax * Geometry.ChunkBytesMax;
        return
        [
            .. Bytes(Fill(new double[fifth / 8], Walk(1e-3))), .. Bytes(Fill(new double[fifth / 8], Normal())), .. Bytes(Fill(new long[fifth / 8], Steps(1000))),
            .. Bytes(Fill(new int[fifth / 4], Below(1000))), .. new byte[bytes - (4 * fifth)],
        ];
    }

    private static byte[] Text(int bytes)
    {
        var text = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .SelectMany(File.ReadAllBytes).ToArray();
        var target = new byte[bytes];
        for (var at = 0; at < bytes; at += text.Length)
        {
            text.AsSpan(0, Math.Min(text.Length, bytes - at)).CopyTo(target.AsSpan(at));
        }

        return target;
    }

    private static Encoded Encode(byte[] plain)
    {
        var encoder = new ChunkEncoder(Lz4Codec.Load());
        var chosen = new int[Enum.GetValues<ChunkCodec>().Length];
        var records = new List<byte[]>();
        long stored = 0;
        var encoding = TimeSpan.Zero;
        for (var at = 0; at < plain.Length; at += Geometry.ChunkBytesMax)
        {
            var begun = Stopwatch.GetTimestamp();
            var record = encoder.Encode(ChunkKind.Data, default, plain.AsSpan(at, Math.Min(Geometry.ChunkBytesMax, plain.Length - at)), out var header);
            encoding += Stopwatch.GetElapsedTime(begun);
            chosen[(int)header.Codec]++;
            stored += record.Length;
            records.Add(record.ToArray());
        }

        return new Encoded(stored, encoding, Decode(records), chosen);
    }

    private static TimeSpan Decode(List<byte[]> records)
    {
        var codec = Lz4Codec.Load();
        var target = new byte[Geometry.ChunkBytesMax];
        var begun = Stopwatch.GetTimestamp();
        foreach (var record in records)
        {
            var header = RecordHeader.Read(record, 0);
            ChunkDecoder.Decode(codec, header, record.AsSpan(PackFormat.RecordHeaderBytes), target.AsSpan(0, header.PlainBytes), 0);
        }

        return Stopwatch.GetElapsedTime(begun);
    }

    private (long Stored, TimeSpan Duration) Command(string program, string[] arguments, string file)
    {
        var target = Path.Combine(place.Directory, "compressed");
        Spawn(program, [.. arguments, file], target);
        var stored = new FileInfo(target).Length;
        var durations = Enumerable.Range(0, Samples).Select(_ =>
        {
            var begun = Stopwatch.GetTimestamp();
            Spawn(program, [.. arguments, file], "/dev/null");
            return Stopwatch.GetElapsedTime(begun);
        }).ToList();
        return (stored, durations.Median());
    }

    private void Spawn(string program, string[] arguments, string target)
    {
        var environment = new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin" };
        var pid = Spawner.Spawn(new SpawnRequest(program, arguments, environment, target, Path.Combine(place.Directory, "errors"), place.Directory));
        var status = Child.Reap(pid, _timeout, () => program);
        if (status is not { Exited: true, Code: 0 })
        {
            throw new InvalidOperationException($"{program}: {status} (apt-get install lz4 zstd)");
        }
    }

    private static Func<double> Walk(double step)
    {
        var (random, value) = (new Random(1), 1.0);
        return () => value += (random.NextDouble() - 0.5) * step;
    }

    private static Func<double> Normal()
    {
        var random = new Random(2);
        return () => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()); // Box and Muller
    }

    private static Func<long> Steps(int max)
    {
        var (random, value) = (new Random(3), 1L << 33);
        return () => value += random.Next(max);
    }

    private static Func<int> Below(int max)
    {
        var random = new Random(4);
        return () => random.Next(max);
    }

    private static byte[] Noise(int bytes)
    {
        var noise = new byte[bytes];
        new Random(5).NextBytes(noise);
        return noise;
    }

    private static T[] Fill<T>(T[] values, Func<T> next)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = next();
        }

        return values;
    }

    private static byte[] Bytes<T>(T[] values)
        where T : unmanaged
        => MemoryMarshal.AsBytes<T>(values).ToArray();

    private static string Ratio(long plain, long stored) => $"{(double)plain / stored:F2}";

    private static string Rate(long bytes, TimeSpan time) => $"{Numbers.GBPerSecond(bytes, time):F2}";

    private sealed record Encoded(long Stored, TimeSpan Encoding, TimeSpan Decoding, int[] Chosen);
}
