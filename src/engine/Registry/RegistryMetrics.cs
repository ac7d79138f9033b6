using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Slipway.Engine;

namespace Slipway.Registry;

/// <summary>Counts requests and describes the registry in Prometheus' text format.</summary>
internal sealed class RegistryMetrics(SlipwayEngine engine)
{
    private static readonly string[] s_methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

    private readonly ConcurrentDictionary<(string Method, int Status), Counter> _requests = new();

    internal void Count(string method, int status) =>
        Interlocked.Increment(ref _requests.GetOrAdd((s_methods.Contains(method) ? method : "other", status), _ => new Counter()).Value);

    internal byte[] Describe()
    {
        var text = new StringBuilder("# TYPE slipway_registry_requests_total counter\n");
        foreach (var ((method, status), counter) in _requests.OrderBy(entry => entry.Key))
        {
            text.Append(CultureInfo.InvariantCulture, $"slipway_registry_requests_total{{method=\"{method}\",code=\"{status}\"}} {Interlocked.Read(ref counter.Value)}\n");
        }

        var repositories = engine.Repositories.All;
        Gauge(text, "slipway_registry_repositories", repositories.Count);
        Gauge(text, "slipway_registry_tags", repositories.Sum(repository => repository.Tags().Count));
        Gauge(text, "slipway_registry_manifests", repositories.Sum(repository => repository.Manifests.Count));
        Gauge(text, "slipway_registry_blob_bytes", repositories.SelectMany(repository => repository.Links).DistinctBy(link => link.Digest).Sum(link => link.Size));
        Gauge(text, "slipway_registry_uploads", engine.Uploads.Open);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void Gauge(StringBuilder text, string name, long value) => text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} gauge\n{name} {value}\n");

    private sealed class Counter
    {
        internal long Value;
    }
}
