using Slipway.Compose.Model;

namespace Slipway.Compose.Actions;

/// <summary>Does something to services in the order of their dependencies, at the same time where nothing speaks against it.</summary>
internal static class ServiceGraph
{
    /// <summary>Each service after all that it needs.</summary>
    public static Task ForwardAsync(IReadOnlyList<Service> services, Func<Service, Task> action) =>
        RunAsync(services, service => service.DependsOn.Select(d => d.Service), action);

    /// <summary>Each service after all that need it.</summary>
    public static Task BackwardAsync(IReadOnlyList<Service> services, Func<Service, Task> action) =>
        RunAsync([.. services.Reverse()], service => services.Where(s => s.DependsOn.Any(d => d.Service == service.Name)).Select(s => s.Name), action);

    // The services are sorted already, so what comes first is in the table when it is asked for.
    private static async Task RunAsync(IReadOnlyList<Service> services, Func<Service, IEnumerable<string>> before, Func<Service, Task> action)
    {
        Dictionary<string, Task> running = new(StringComparer.Ordinal);
        foreach (Service service in services)
        {
            Task[] first = [.. before(service).Where(running.ContainsKey).Select(name => running[name])];
            running[service.Name] = AfterAsync(first, service);
        }

        Task all = Task.WhenAll(running.Values);
        try
        {
            await all.ConfigureAwait(false);
        }
        catch (Exception) when (all.Exception is { } failures)
        {
            // What was skipped because something else failed says nothing of its own.
            throw failures.InnerExceptions.FirstOrDefault(e => e is not SkippedException) ?? failures;
        }

        async Task AfterAsync(Task[] first, Service service)
        {
            try
            {
                await Task.WhenAll(first).ConfigureAwait(false);
            }
            catch (Exception)
            {
                throw new SkippedException();
            }

            await action(service).ConfigureAwait(false);
        }
    }

    private sealed class SkippedException : Exception;
}
