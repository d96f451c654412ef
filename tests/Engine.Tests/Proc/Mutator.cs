using System.Text;

namespace Checkpointer.Engine.Tests.Proc;

/// <summary>Damages a text in one to four places, the same way for the same seed.</summary>
internal sealed class Mutator(byte[] original, int seed)
{
    private static readonly byte[][] _fragments =
    [
        .. new[]
        {
            "", "\n", " ", "\t", ":", "-", "/", "(", ")", "\\", "\\012", "\0", "-1", "0", "18446744073709551616", "9223372036854775808",
            "ffffffffffffffffff", "2147483648", "unlimited", "VmFlags:", " (deleted)", "[anon:", "\nPid:\t", "ID:",
        }.Select(Encoding.ASCII.GetBytes),
    ];

    private readonly Random _random = new(seed);

    /// <summary>The next damaged copy.</summary>
    public byte[] Next()
    {
        List<byte> text = [.. original];
        for (int places = _random.Next(1, 5); places > 0; places--)
        {
            Damage(text);
        }

        return [.. text];
    }

    private void Damage(List<byte> text)
    {
        int at = _random.Next(text.Count + 1);
        int count = Math.Min(_random.Next(1, 9), text.Count - at);
        switch (_random.Next(6))
        {
            case 0 when count > 0:
                text[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1 when count > 0:
                text[at] = (byte)_random.Next(256);
                break;
            case 2:
                text.RemoveRange(at, count);
                break;
            case 3:
                text.InsertRange(_random.Next(text.Count + 1), text.GetRange(at, count));
                break;
            case 4 when _random.Next(4) == 0:
                text.RemoveRange(at, text.Count - at);
                break;
            default:
                text.InsertRange(at, _fragments[_random.Next(_fragments.Length)]);
                break;
        }
    }
}
