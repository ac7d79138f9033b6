using System.Text.RegularExpressions;

namespace Slipway.Packs.Providers.Python;

/// <summary>How a Python application is started.</summary>
internal sealed partial class PythonStart(PackContext context, PythonDependencies dependencies)
{
    private const string Bind = "0.0.0.0:${PORT:-8000}";
    private static readonly string[] s_modules = ["main.py", "app.py", "server.py", "api.py", "application.py", "src/main.py", "src/app.py", "app/main.py"];

    /// <summary>Sets command, reason and framework.</summary>
    /// <exception cref="PackException">It is a Django project that does not say where its application is.</exception>
    internal void AddTo(Draft draft)
    {
        var start = Django(draft) ?? Framework(draft) ?? Plain();
        if (start is var (command, reason))
        {
            (draft.Start, draft.StartReason) = (command, reason);
        }
    }

    private (string, string)? Django(Draft draft)
    {
        if (!context.Source.FileExists("manage.py") || !dependencies.Has("django"))
        {
            return null;
        }

        draft.Framework = new Choice("Django", "manage.py");
        var application = context.Setting("DJANGO_APP");
        var file = context.Source.Containing("*.py", text => Wsgi().Match(text) is { Success: true } match && (application ??= match.Groups[1].Value) is not null);
        if (application is null)
        {
            throw new PackException("This is a Django project, but no .py file sets WSGI_APPLICATION. Add WSGI_APPLICATION = \"NAME.wsgi.application\" to its settings, or set a start command.");
        }

        if (context.Source.Containing("*.py", text => text.Contains("STATIC_ROOT", StringComparison.Ordinal)) is not null)
        {
            draft.Phase("build").Commands.Add("python manage.py collectstatic --noinput");
        }

        return dependencies.Has("gunicorn") ? ($"python manage.py migrate && gunicorn --bind {Bind} {application}", file ?? "manage.py")
            : Hinted("Django", "gunicorn", ("python manage.py migrate && python manage.py runserver 0.0.0.0:${PORT:-8000}", "manage.py"));
    }

    private (string, string)? Framework(Draft draft)
    {
        if (dependencies.Has("fastapi", "starlette") && Module(Asgi()) is var (asgi, asgiFile))
        {
            draft.Framework = new Choice(dependencies.Has("fastapi") ? "FastAPI" : "Starlette", asgiFile);
            return dependencies.Has("uvicorn", "fastapi-cli") || RequiresStandard() ? ($"uvicorn {asgi} --host 0.0.0.0 --port ${{PORT:-8000}}", asgiFile) : Hinted("FastAPI", "uvicorn", null);
        }

        if (dependencies.Has("flask") && Module(Flask()) is var (flask, flaskFile))
        {
            draft.Framework = new Choice("Flask", flaskFile);
            return dependencies.Has("gunicorn") ? ($"gunicorn --bind {Bind} {flask}", flaskFile)
                : Hinted("Flask", "gunicorn", ($"flask --app {flask} run --host 0.0.0.0 --port ${{PORT:-8000}}", flaskFile));
        }

        return dependencies.Has("streamlit") && s_modules.FirstOrDefault(context.Source.FileExists) is { } page
            ? ($"streamlit run {page} --server.address 0.0.0.0 --server.port ${{PORT:-8000}} --server.headless true", page) : null;
    }

    private (string, string)? Hinted(string framework, string server, (string, string)? otherwise)
    {
        context.Warn($"{framework} without a production server: add {server} to the dependencies");
        return otherwise;
    }

    private bool RequiresStandard() => (context.Source.Text("requirements.txt") + context.Source.Text("pyproject.toml")).Contains("fastapi[", StringComparison.Ordinal);

    private (string, string)? Plain()
    {
        if (context.Source.FileExists("main.py"))
        {
            return ("python main.py", "main.py");
        }

        var project = context.Document("pyproject.toml");
        if ((project?.At("project", "scripts") as Toml.TomlTable ?? project?.At("tool", "poetry", "scripts") as Toml.TomlTable)?.Keys.FirstOrDefault() is { } script && project?.At("build-system") is not null)
        {
            return (script, "pyproject.toml scripts");
        }

        if (context.Source.FirstFile("app.py", "server.py", "bot.py", "start.py", "run.py", "src/main.py") is { } file)
        {
            return ("python " + file, file);
        }

        var name = (project?.At("project", "packages") as List<object>)?.OfType<string>().FirstOrDefault()
            ?? (project?.At("project", "py_modules") as List<object>)?.OfType<string>().FirstOrDefault() ?? project?.Text("project", "name");
        return name is null ? null : ("python -m " + name.Replace('-', '_'), "pyproject.toml");
    }

    /// <summary>The module and variable of an application object, <c>main:app</c>, with its file.</summary>
    private (string, string)? Module(Regex pattern)
    {
        foreach (var file in s_modules.Where(context.Source.FileExists))
        {
            if (pattern.Match(context.Source.Text(file) ?? "") is { Success: true } match)
            {
                return ($"{file[..^3].Replace('/', '.')}:{match.Groups[1].Value}", file);
            }
        }

        return null;
    }

    [GeneratedRegex("""WSGI_APPLICATION\s*=\s*["']([\w.]+)\.application["']""")]
    private static partial Regex Wsgi();

    [GeneratedRegex(@"^(\w+)\s*(?::[^=\n]+)?=\s*(?:fastapi\.)?(?:FastAPI|Starlette)\(", RegexOptions.Multiline)]
    private static partial Regex Asgi();

    [GeneratedRegex(@"^(\w+)\s*(?::[^=\n]+)?=\s*(?:flask\.)?Flask\(", RegexOptions.Multiline)]
    private static partial Regex Flask();
}
