using System.Net;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary>Visitors.</summary>
internal static class Load
{
    /// <summary>So many requests a second, each at its time whether or not the ones before were answered, over connections that stay and at most 200 of them.</summary>
    internal static async Task<(Dictionary<string, int> Answers, List<string> Failures)> RunAsync(PlatformRoom room, string host, int perSecond, CancellationToken stop)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = 200, PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1) });
        var (answers, failures, running) = (new Dictionary<string, int>(), new List<string>(), new List<Task>());
        var began = TimeProvider.System.GetTimestamp();
        for (var sent = 0; !stop.IsCancellationRequested; await Wait.PauseAsync(5))
        {
            for (; sent < TimeProvider.System.GetElapsedTime(began).TotalSeconds * perSecond; sent++)
            {
                running.Add(OneAsync());
            }

            running.RemoveAll(task => task.IsCompleted);
        }

        await Task.WhenAll(running);
        return (answers, failures);

        async Task OneAsync()
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{room.HttpPort}/");
                request.Headers.Host = host;
                using var answer = await client.SendAsync(request, CancellationToken.None);
                var text = answer.StatusCode == HttpStatusCode.OK ? await answer.Content.ReadAsStringAsync(CancellationToken.None) : answer.StatusCode.ToString();
                lock (answers)
                {
                    answers[text] = answers.GetValueOrDefault(text) + 1;
                }
            }
            catch (HttpRequestException e)
            {
                lock (answers)
                {
                    failures.Add(e.Message);
                }
            }
        }
    }
}
