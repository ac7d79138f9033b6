using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace Slipway.Platform.Web;

/// <summary>A page: a component, rendered on the server to plain HTML.</summary>
/// <typeparam name="TPage">The component.</typeparam>
/// <param name="parameters">Its parameters.</param>
/// <param name="status">HTTP status.</param>
internal sealed class PageResult<TPage>(Dictionary<string, object?> parameters, int status = StatusCodes.Status200OK) : IResult
    where TPage : IComponent
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var services = httpContext.RequestServices;
        var renderer = new HtmlRenderer(services, services.GetRequiredService<ILoggerFactory>());
        await using var _ = renderer.ConfigureAwait(false);
        var html = await renderer.Dispatcher.InvokeAsync(async () =>
            (await renderer.RenderComponentAsync<TPage>(ParameterView.FromDictionary(parameters)).ConfigureAwait(true)).ToHtmlString()).ConfigureAwait(false);
        httpContext.Response.StatusCode = status;
        httpContext.Response.ContentType = "text/html; charset=utf-8";
        httpContext.Response.Headers.CacheControl = "no-store";
        await httpContext.Response.WriteAsync("<!doctype html>\n" + html, httpContext.RequestAborted).ConfigureAwait(false);
    }
}
