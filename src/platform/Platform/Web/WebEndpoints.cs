using System.Reflection;
using Slipway.Platform.Access;
using Slipway.Platform.Api;
using Slipway.Platform.Apps;
using Slipway.Platform.Deploys;
using Slipway.Platform.Logs;
using Slipway.Platform.Model;
using Slipway.Platform.Store;
using Slipway.Platform.Web.Pages;

namespace Slipway.Platform.Web;

/// <summary>The pages: every address they have.</summary>
internal static class WebEndpoints
{
    private static readonly Caller s_caller = new("web", Abilities.Root);

    internal static void Map(WebApplication app)
    {
        MapAssets(app);
        MapLogin(app);
        var pages = app.MapGroup("").AddEndpointFilter(AdmitAsync).ExcludeFromDescription();
        MapPages(pages);
        MapButtons(pages);
    }

    private static void MapAssets(WebApplication app)
    {
        foreach (var (name, type) in ((string, string)[])[("ui.css", "text/css; charset=utf-8"), ("ui.js", "text/javascript; charset=utf-8"), ("ui.svg", "image/svg+xml")])
        {
            app.MapGet("/" + name, (HttpContext context) =>
            {
                context.Response.Headers.CacheControl = "no-cache";
                return Results.Stream(Assembly.GetExecutingAssembly().GetManifestResourceStream("web/" + name)!, type);
            }).ExcludeFromDescription();
        }
    }

    private static void MapLogin(WebApplication app)
    {
        app.MapGet("/login", () => Login(null, 200)).ExcludeFromDescription();
        app.MapPost("/login", async (HttpContext context, WebSessions sessions, AuditLog audit) =>
        {
            if (!FromHere(context.Request))
            {
                Refused(context, "a form of another site");
                return Fault(null, 403, "This form was sent by another site.");
            }

            var form = await context.Request.ReadFormAsync(context.RequestAborted).ConfigureAwait(false);
            try
            {
                if (sessions.Begin(form["password"].ToString()) is not { } cookie)
                {
                    audit.Note(s_caller, "web.refused", "");
                    return Login("That is not the password.", 401);
                }

                context.Response.Cookies.Append(WebSessions.Cookie, cookie, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = context.Request.IsHttps, Path = "/" });
                audit.Note(s_caller, "web.login", "");
                return Go("/");
            }
            catch (PlatformException e)
            {
                return Login(e.Message, 429);
            }
        }).ExcludeFromDescription();
    }

    private static void MapPages(RouteGroupBuilder pages)
    {
        pages.MapGet("/", async (HttpContext context, AppRoom apps, AppViews views, TimeProvider time) => Page<AppsPage>(context, new()
        {
            ["Apps"] = (IReadOnlyList<AppView>)await Task.WhenAll(apps.All().Select(app => views.OfAsync(app, context.RequestAborted))).ConfigureAwait(false), ["Now"] = time.GetUtcNow(),
        }));
        pages.MapGet("/apps/{name}", async (string name, HttpContext context, AppRoom apps, AppViews views, TimeProvider time) =>
        {
            var app = apps.Get(name);
            return Page<AppPage>(context, new()
            {
                ["App"] = await views.OfAsync(app, context.RequestAborted).ConfigureAwait(false), ["Now"] = time.GetUtcNow(),
                ["Releases"] = (IReadOnlyList<ReleaseView>)[.. apps.ReleasesOf(app).Take(20).Select(release => ReleaseView.Of(app, release))],
                ["Deployments"] = (IReadOnlyList<Deployment>)[.. apps.Deployments(app).Take(20)],
            });
        });
        pages.MapGet("/deployments/{id}", async (string id, HttpContext context, PlatformStore store, DeploymentLogs logs, TimeProvider time) =>
        {
            var deployment = Find(store, id);
            List<string> lines = [];
            if (deployment.Ended)
            {
                await foreach (var line in logs.ReadAsync(id, follow: false, context.RequestAborted).ConfigureAwait(false))
                {
                    lines.Add(line.Text);
                }
            }

            return Page<DeploymentPage>(context, new()
            {
                ["App"] = store.Apps.Find(deployment.AppId), ["Deployment"] = deployment, ["Release"] = store.Releases.Find(deployment.ReleaseId), ["Lines"] = (IReadOnlyList<string>)lines, ["Now"] = time.GetUtcNow(),
            });
        });
        pages.MapGet("/deployments/{id}/events", (string id, HttpContext context, PlatformStore store, DeploymentLogs logs) =>
        {
            Find(store, id);
            return new LogEvents(context, store, logs).WriteAsync(id, context.RequestAborted);
        });
    }

    private static void MapButtons(RouteGroupBuilder pages)
    {
        pages.MapPost("/logout", (HttpContext context, WebSessions sessions) =>
        {
            sessions.End(context.Request);
            context.Response.Cookies.Delete(WebSessions.Cookie);
            return Go("/login");
        });
        pages.MapPost("/apps/{name}/deploy", (string name, AppRoom apps, DeployQueue queue) => Deploy(queue, new DeployRequest(apps.Get(name), DeploymentKind.Deploy)));
        pages.MapPost("/apps/{name}/redeploy", (string name, AppRoom apps, DeployQueue queue) => Deploy(queue, new DeployRequest(apps.Get(name), DeploymentKind.Redeploy)));
        pages.MapPost("/apps/{name}/rollback/{number:int}", (string name, int number, AppRoom apps, AppLife life, DeployQueue queue) =>
        {
            var app = apps.Get(name);
            return Deploy(queue, new DeployRequest(app, DeploymentKind.Rollback) { ReleaseId = life.ReleaseFor(app, number).Id });
        });
        pages.MapPost("/deployments/{id}/cancel", (string id, DeployQueue queue) =>
        {
            queue.Cancel(s_caller, id);
            return Go("/deployments/" + id);
        });
    }

    /// <summary>Lets in who has logged in, and forms that carry the session's key; what goes wrong becomes a page.</summary>
    private static async ValueTask<object?> AdmitAsync(EndpointFilterInvocationContext call, EndpointFilterDelegate next)
    {
        var context = call.HttpContext;
        if (context.RequestServices.GetRequiredService<WebSessions>().Of(context.Request) is not { } session)
        {
            if (HttpMethods.IsGet(context.Request.Method))
            {
                return Go("/login");
            }

            Refused(context, "no session");
            return Fault(null, 401, "You are not logged in any more.");
        }

        context.Items[typeof(WebSession)] = session;
        try
        {
            if (!HttpMethods.IsGet(context.Request.Method)
                && !(FromHere(context.Request) && WebSessions.IsOurs(session, (await context.Request.ReadFormAsync(context.RequestAborted).ConfigureAwait(false))[WebSessions.FormField])))
            {
                Refused(context, "a form of another session or site");
                return Fault(session, 403, "This form is not one of this session. Go back and reload the page.");
            }

            return await next(call).ConfigureAwait(false);
        }
        catch (PlatformException e)
        {
            return Fault(session, e.Refusal switch { Refusal.NotFound => 404, Refusal.Busy => 429, Refusal.Unavailable => 502, _ => 409 }, e.Message);
        }
    }

    private static void Refused(HttpContext context, string reason) =>
        context.RequestServices.GetRequiredService<Refusals>().Note(s_caller, context.Request.Method, context.Request.Path, reason);

    // Browsers say where a form comes from; a form of another site never gets here.
    private static bool FromHere(HttpRequest request) =>
        request.HasFormContentType && (request.Headers.Origin.ToString() is not { Length: > 0 } origin || origin == $"{request.Scheme}://{request.Host}");

    private static Deployment Find(PlatformStore store, string id) => store.Deployments.Find(id) ?? throw new PlatformException(Refusal.NotFound, "there is no such deployment");

    private static IResult Deploy(DeployQueue queue, DeployRequest request) => Go("/deployments/" + queue.Enqueue(s_caller, request with { Trigger = "web" }).Id);

    private static IResult Page<TPage>(HttpContext context, Dictionary<string, object?> parameters)
        where TPage : Microsoft.AspNetCore.Components.IComponent
    {
        parameters["Session"] = context.Items[typeof(WebSession)];
        return new PageResult<TPage>(parameters);
    }

    private static IResult Login(string? problem, int status) => new PageResult<LoginPage>(new() { ["Problem"] = problem }, status);

    private static IResult Fault(WebSession? session, int status, string message) => new PageResult<FaultPage>(new() { ["Session"] = session, ["Message"] = message }, status);

    /// <summary>Sends the browser to a page of ours, which it asks for with GET.</summary>
    private static IResult Go(string path) => new SeeOther(path);

    private sealed class SeeOther(string path) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
            httpContext.Response.Headers.Location = path;
            return Task.CompletedTask;
        }
    }
}
