namespace Checkpointer.Engine.Dump;

/// <summary>The contents of a generation that a dump writes to, each opened once. Not for use from two threads at a time.</summary>
internal sealed class OpenContents(ICheckpointSink sink) : IDisposable
{
    // Above all user addresses of x86-64, with five page-table levels too (2^56), and above all file sizes (2^63).
    private const ulong AllAddresses = 1ul << 63;

    private readonly Dictionary<string, IPageSink> _contents = [];

    /// <summary>The content.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="continues">False drops what the base has under this name; looked at when the content is opened.</param>
    public IPageSink Of(string name, bool continues)
    {
        if (!_contents.TryGetValue(name, out var content))
        {
            content = sink.OpenPages(name);
            _contents.Add(name, content);
            if (sink.HasBase && !continues)
            {
                content.Clear(0, AllAddresses);
            }
        }

        return content;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var content in _contents.Values)
        {
            content.Dispose();
        }
    }
}
