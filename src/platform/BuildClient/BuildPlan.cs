using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Slipway.BuildClient.Files;
using Slipway.BuildClient.Services;
using Slipway.BuildKitApi.Messages;

namespace Slipway.BuildClient;

/// <summary>An order as BuildKit's request, with the services that the session offers for it.</summary>
internal sealed class BuildPlan : IAsyncDisposable
{
    private const string UsualName = "Dockerfile";

    private readonly BuildOrder _order;
    private readonly string _id;
    private readonly Dictionary<string, string> _directories = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _options = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BlobDirectory> _layouts = new(StringComparer.Ordinal);
    private readonly ForwardedAgents _agents;
    private LocalCaches _caches = null!;
    private DirectoryInfo? _temporary;

    private BuildPlan(BuildOrder order, string id, ForwardedAgents agents) => (_order, _id, _agents) = (order, id, agents);

    /// <summary>What the client offers.</summary>
    internal SessionServices Session { get; private set; } = null!;

    /// <summary>Makes the plan.</summary>
    /// <exception cref="BuildFailedException">Something of the order is not there.</exception>
    internal static async Task<BuildPlan> MakeAsync(BuildOrder order, string id, CancellationToken cancel)
    {
        var plan = new BuildPlan(order, id, await ForwardedAgents.OpenAsync(order.Agents, cancel).ConfigureAwait(false));
        try
        {
            plan.Define();
            await plan.PlaceContextAsync(cancel).ConfigureAwait(false);
            plan.PlaceContexts();
            plan._caches = LocalCaches.Of(order);
            plan.Session = new SessionServices(
                plan.SharedKey(), order, new SentDirectories(plan._directories), new ReceivedResults(order.Outputs), new SecretFiles(order.Secrets), plan._agents,
                new BlobDirectories(plan._caches.Directories.Concat(plan._layouts).ToDictionary()));
            return plan;
        }
        catch
        {
            await plan.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The request, for a session.</summary>
    internal SolveRequest Request(string session)
    {
        var request = new SolveRequest { Ref = _id, Session = session, Frontend = "dockerfile.v0", Cache = new CacheOptions(), Entitlements = { _order.Entitlements } };
        foreach (var (name, value) in _options)
        {
            request.FrontendAttrs[name] = value;
        }

        request.Cache.Imports.AddRange(_caches.Imports.Select(Entry));
        request.Cache.Exports.AddRange(_order.CacheTo.Select(Entry));
        var outputs = _order.Outputs.Where(output => output.Type != "cacheonly").Select(output => BuildOutputs.Exporter(_order, output)).ToList();
        if (outputs is [var only])
        {
            request.Exporter = only.Type;
            request.ExporterAttrs.Add(only.Attrs);
        }
        else
        {
            request.Exporters.AddRange(outputs);
        }

        return request;
    }

    /// <summary>Does what remains to be done when the build was good.</summary>
    /// <param name="told">What the engine says of the result.</param>
    internal void Finish(IReadOnlyDictionary<string, string> told) => _caches.Finish(told);

    public async ValueTask DisposeAsync()
    {
        _temporary?.Delete(recursive: true);
        await _agents.DisposeAsync().ConfigureAwait(false);
    }

    private static CacheOptionsEntry Entry(BuildOption option)
    {
        var entry = new CacheOptionsEntry { Type = option.Type };
        foreach (var (name, value) in option.Options)
        {
            entry.Attrs[name] = value;
        }

        return entry;
    }

    private void Define()
    {
        Set("target", _order.Target);
        Set("platform", string.Join(',', _order.Platforms));
        Set("image-resolve-mode", _order.Pull ? "pull" : "");
        Set("force-network-mode", _order.Network is "default" ? "" : _order.Network);
        Set("add-hosts", string.Join(',', _order.ExtraHosts));
        Set("shm-size", _order.SharedMemory > 0 ? _order.SharedMemory.ToString(CultureInfo.InvariantCulture) : "");
        Set("ulimit", string.Join(',', _order.Ulimits));
        Set("cgroup-parent", _order.CgroupParent);
        Set("no-cache", string.Join(',', _order.NoCacheFilter));
        if (_order.NoCache)
        {
            _options["no-cache"] = "";
        }

        SetAll("build-arg:", _order.Arguments);
        SetAll("label:", _order.Labels);
        SetAll("attest:", _order.Attestations);
        SetAll("", _order.Limits);
    }

    private async Task PlaceContextAsync(CancellationToken cancel)
    {
        if (_order.ContextStream is not null)
        {
            _options["context"] = $"http://buildkit-session/{_id}";
        }
        else if (IsRemote(_order.Context))
        {
            _options["context"] = _order.Context;
        }
        else
        {
            _directories["context"] = _order.Context.Length > 0 ? Existing(_order.Context) : Temporary().CreateSubdirectory("empty").FullName;
        }

        if (_order.DockerfileText is { } text)
        {
            await WriteDockerfileAsync(text, cancel).ConfigureAwait(false);
        }
        else if (_options.ContainsKey("context"))
        {
            Set("filename", _order.Dockerfile);
        }
        else
        {
            FindDockerfile();
        }
    }

    private void FindDockerfile()
    {
        var file = _order.Dockerfile.Length > 0 ? Path.GetFullPath(_order.Dockerfile) : Path.Combine(_directories["context"], UsualName);
        if (!File.Exists(file))
        {
            throw new BuildFailedException($"failed to read dockerfile: open {_order.Dockerfile switch { "" => UsualName, var given => given }}: no such file or directory", null);
        }

        _directories["dockerfile"] = Path.GetDirectoryName(file)!;
        Set("filename", Path.GetFileName(file));
    }

    private async Task WriteDockerfileAsync(byte[] text, CancellationToken cancel)
    {
        var directory = Temporary().CreateSubdirectory("definition").FullName;
        await File.WriteAllBytesAsync(Path.Combine(directory, UsualName), text, cancel).ConfigureAwait(false);
        _directories["dockerfile"] = directory;
        _options["filename"] = UsualName;
        if (_options.ContainsKey("context"))
        {
            _options["dockerfilekey"] = "dockerfile";
        }
    }

    private DirectoryInfo Temporary() => _temporary ??= Directory.CreateTempSubdirectory("slipway-build-");

    private void PlaceContexts()
    {
        const string layout = "oci-layout://";
        foreach (var (name, value) in _order.Contexts)
        {
            if (value.StartsWith(layout, StringComparison.Ordinal))
            {
                _options["context:" + name] = layout + PlaceLayout(name, value[layout.Length..]);
                continue;
            }

            if (value.Contains("://", StringComparison.Ordinal) || IsRemote(value))
            {
                _options["context:" + name] = value;
                continue;
            }

            // Named as Docker's client names it; a stage of the same name does not meet the main context's directory.
            var key = name is "context" or "dockerfile" ? "_" + name : name;
            _directories[key] = Existing(value);
            _options["context:" + name] = "local:" + key;
        }
    }

    // path[:tag][@digest] → name of the directory in this session, and digest
    private string PlaceLayout(string context, string place)
    {
        var at = place.IndexOf('@', StringComparison.Ordinal);
        var path = at < 0 ? place : place[..at];
        var colon = path.LastIndexOf(':');
        var (root, tag) = colon > path.LastIndexOf('/') ? (path[..colon], path[(colon + 1)..]) : (path, null);
        var directory = new BlobDirectory(Existing(root));
        var digest = at >= 0 ? place[(at + 1)..] : directory.Find(tag)?.ToString() ?? throw new BuildFailedException($"could not find {tag ?? "an only image"} in image layout {root} of context {context}", null);
        var store = Guid.NewGuid().ToString("N");
        _layouts["oci:" + store] = directory;
        return $"{store}@{digest}";
    }

    private static bool IsRemote(string context) =>
        context.StartsWith("http://", StringComparison.Ordinal) || context.StartsWith("https://", StringComparison.Ordinal) || context.StartsWith("git://", StringComparison.Ordinal)
        || context.StartsWith("ssh://", StringComparison.Ordinal) || context.StartsWith("git@", StringComparison.Ordinal) || (context.StartsWith("github.com/", StringComparison.Ordinal) && !Directory.Exists(context));

    private static string Existing(string directory) =>
        Directory.Exists(directory) ? Path.GetFullPath(directory) : throw new BuildFailedException($"unable to prepare context: path \"{directory}\" not found", null);

    private string SharedKey() => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', [Environment.MachineName, .. _directories.Values]))));

    private void SetAll(string prefix, IReadOnlyDictionary<string, string> values)
    {
        foreach (var (name, value) in values)
        {
            _options[prefix + name] = value;
        }
    }

    private void Set(string name, string value)
    {
        if (value.Length > 0)
        {
            _options[name] = value;
        }
    }
}
