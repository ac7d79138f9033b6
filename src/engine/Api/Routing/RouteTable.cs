namespace Slipway.Api.Routing;

/// <summary>Answers one request.</summary>
public delegate Task Handler(ApiCall call);

/// <summary>
/// Which method and path is answered by whom. A template's <c>{id}</c> stands for one segment, <c>{name*}</c> for one or more (names of
/// images contain slashes). Matching looks at the routes of the first segment only, in the order in which they were added.
/// </summary>
public sealed class RouteTable
{
    private readonly Dictionary<(string Method, string Noun), List<Route>> _routes = [];

    /// <summary>Adds a route for GET.</summary>
    public void Get(string template, Handler handler) => Add("GET", template, handler);

    /// <summary>Adds a route for HEAD.</summary>
    public void Head(string template, Handler handler) => Add("HEAD", template, handler);

    /// <summary>Adds a route for POST.</summary>
    public void Post(string template, Handler handler) => Add("POST", template, handler);

    /// <summary>Adds a route for PUT.</summary>
    public void Put(string template, Handler handler) => Add("PUT", template, handler);

    /// <summary>Adds a route for DELETE.</summary>
    public void Delete(string template, Handler handler) => Add("DELETE", template, handler);

    /// <summary>Finds the handler for a decoded path without version; <paramref name="name"/> is what the template's placeholder stood for.</summary>
    public Handler? Find(string method, string path, out string name)
    {
        name = "";
        var segments = path.Split('/')[1..];
        if (segments.Length == 0 || !_routes.TryGetValue((method, segments[0]), out var routes))
        {
            return null;
        }

        foreach (var route in routes)
        {
            if (route.Matches(segments, out name))
            {
                return route.Handler;
            }
        }

        return null;
    }

    private void Add(string method, string template, Handler handler)
    {
        var route = new Route(template.Split('/')[1..], handler);
        var key = (method, route.Template[0]);
        if (!_routes.TryGetValue(key, out var routes))
        {
            _routes[key] = routes = [];
        }

        routes.Add(route);
    }

    private sealed record Route(string[] Template, Handler Handler)
    {
        public bool Matches(string[] path, out string name)
        {
            name = "";
            for (int t = 0, p = 0; ; t++, p++)
            {
                if (t == Template.Length || p == path.Length)
                {
                    return t == Template.Length && p == path.Length;
                }

                if (Template[t] is not ['{', .., '}'])
                {
                    if (Template[t] != path[p])
                    {
                        return false;
                    }

                    continue;
                }

                var take = Template[t].EndsWith("*}", StringComparison.Ordinal) ? path.Length - Template.Length + 1 : 1;
                if (take < 1 || p + take > path.Length)
                {
                    return false;
                }

                name = string.Join('/', path, p, take);
                p += take - 1;
                if (name.Length == 0)
                {
                    return false;
                }
            }
        }
    }
}
