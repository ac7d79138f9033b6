using Slipway.Oci;

namespace Slipway.Cli.Registry;

/// <summary>Reads where an image is: <c>[docker://]NAME</c>, <c>oci:DIRECTORY[:TAG]</c>, <c>archive:FILE[:TAG]</c>. A name without a host is in our engine's own registry.</summary>
internal sealed class ImageLocation(Invocation call) : IDisposable
{
    private readonly Dictionary<string, RegistryConnection> _registries = new(StringComparer.Ordinal);

    /// <summary>Opens it.</summary>
    /// <param name="text">As it was typed.</param>
    /// <param name="write">Whether it is to be written.</param>
    public async Task<ImagePlace> OpenAsync(string text, bool write)
    {
        if (text.StartsWith("oci:", StringComparison.Ordinal))
        {
            (string directory, string tag) = Split(text[4..]);
            return new LayoutPlace(directory, tag);
        }

        foreach (string prefix in (string[])["archive:", "oci-archive:"])
        {
            if (text.StartsWith(prefix, StringComparison.Ordinal))
            {
                (string file, string tag) = Split(text[prefix.Length..]);
                return write ? new TargetArchive(file, tag) : await SourceArchive.OpenAsync(file, tag);
            }
        }

        (string host, string repository, string reference) = Name(text.StartsWith("docker://", StringComparison.Ordinal) ? text[9..] : text);
        return new RegistryPlace(await ConnectAsync(host), repository, reference);
    }

    /// <summary>The registry of that host; empty for our engine's own.</summary>
    public async Task<RegistryConnection> ConnectAsync(string host)
    {
        if (!_registries.TryGetValue(host, out RegistryConnection? connection))
        {
            _registries[host] = connection = host.Length == 0 ? await RegistryConnection.OwnAsync(call) : await RegistryConnection.OpenAsync(call, host);
        }

        return connection;
    }

    /// <summary>Host (empty for our own), repository, and tag or digest of a name.</summary>
    public static (string Host, string Repository, string Reference) Name(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        string first = slash < 0 ? "" : text[..slash];
        bool hasHost = first == "localhost" || first.AsSpan().ContainsAny('.', ':');
        Reference name = Reference.Parse(hasHost ? text : "own.invalid/" + text).TagNameOnly();
        return (hasHost ? name.Domain : "", name.Path, name.Digest?.ToString() ?? name.Tag!);
    }

    public void Dispose()
    {
        foreach (RegistryConnection registry in _registries.Values)
        {
            registry.Dispose();
        }
    }

    private static (string Path, string Tag) Split(string text)
    {
        int colon = text.LastIndexOf(':');
        return colon > text.LastIndexOf('/') ? (text[..colon], text[(colon + 1)..]) : (text, "");
    }
}
