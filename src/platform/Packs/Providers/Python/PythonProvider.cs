using System.Text.RegularExpressions;
using Slipway.Packs.Versions;

namespace Slipway.Packs.Providers.Python;

/// <summary>Python with pip, Poetry, PDM, uv or Pipenv.</summary>
internal sealed partial class PythonProvider : Provider
{
    private static readonly (string[] Names, string[] Build, string[] Run)[] s_libraries =
    [
        (["psycopg2", "psycopg"], ["gcc", "python3-dev", "libpq-dev"], ["libpq5"]),
        (["mysqlclient"], ["gcc", "python3-dev", "pkg-config", "default-libmysqlclient-dev"], ["libmariadb3"]),
        (["pycairo", "cairosvg", "cairocffi"], ["gcc", "python3-dev", "libcairo2-dev", "pkg-config"], ["libcairo2"]),
        (["pydub"], [], ["ffmpeg"]), (["pdf2image"], [], ["poppler-utils"]), (["opencv-python"], [], ["libgl1", "libglib2.0-0"]),
        (["weasyprint"], [], ["libpango-1.0-0", "libpangocairo-1.0-0"]), (["pytesseract"], [], ["tesseract-ocr"]), (["pyodbc"], ["g++", "python3-dev", "unixodbc-dev"], ["unixodbc"]),
        (["python-magic"], [], ["libmagic1"]), (["uwsgi"], ["gcc", "python3-dev"], []),
    ];

    internal override string Name => "python";

    internal override string? Detect(PackContext context) =>
        context.Source.FileExists("environment.yml") && context.Source.FirstFile("requirements.txt", "pyproject.toml", "Pipfile") is null && context.Source.FirstFile("main.py", "app.py") is null
            ? throw new PackException("environment.yml: conda is not supported. Add a requirements.txt, or a Dockerfile.")
            : context.Source.FirstFile("main.py", "requirements.txt", "pyproject.toml", "Pipfile", "manage.py", "setup.py", "app.py", "server.py");

    internal override Draft Plan(PackContext context)
    {
        var draft = new Draft { BuildImage = "python", RunImage = "python", ToolPackages = ["python3", "python3-venv", "python3-pip"], ToolCommands = ["python3 -m venv /opt/venv"], InstallPrefixes = ["PIP_", "UV_", "POETRY_", "PDM_", "PIPENV_"], Port = 8000 };
        var dependencies = new PythonDependencies(context);
        draft.Tools.Add(Version(context));
        var install = PythonInstall.Of(context);
        var setup = draft.Phase("setup");
        foreach (var (_, build, run) in s_libraries.Where(l => dependencies.Has(l.Names)))
        {
            setup.Packages.AddRange(build.Except(setup.Packages));
            setup.RunPackages.AddRange(run.Except(setup.RunPackages));
        }

        install.AddTo(draft, context);
        draft.Phase("install").Paths.Add("/opt/venv/bin");
        foreach (var (name, value) in ((string, string)[])[("PYTHONFAULTHANDLER", "1"), ("PYTHONUNBUFFERED", "1"), ("PYTHONHASHSEED", "random"), ("PYTHONDONTWRITEBYTECODE", "1")])
        {
            draft.Variables[name] = value;
        }

        draft.BuildVariables["PIP_DISABLE_PIP_VERSION_CHECK"] = "1";
        draft.BuildVariables["PIP_DEFAULT_TIMEOUT"] = "100";
        draft.BuildVariables["PIP_ROOT_USER_ACTION"] = "ignore";
        new PythonStart(context, dependencies).AddTo(draft);
        draft.StartHelp = "Add a main.py, a Procfile with a line \"web: command\", or set a start command.";
        draft.Ignored.AddRange([".venv", "venv", "**/__pycache__", "*.pyc"]);
        return draft;
    }

    private static ToolChoice Version(PackContext context)
    {
        var request = Request(context);
        if (request is not var (requested, reason))
        {
            return new ToolChoice("python", "", context.Stack.Version("python"), "nothing asks for a version");
        }

        // Only the minor version matters, unless it is a range.
        var text = Exact().Match(requested) is { Success: true } match ? match.Groups[1].Value : requested;
        if (SemanticRange.Parse(text) is not { } range)
        {
            context.Warn($"\"{requested}\" in {reason} is no version of Python; the usual one is used");
            return new ToolChoice("python", requested, context.Stack.Version("python"), reason);
        }

        context.Stack = Stack.With("python", range.Accepts) ?? throw Stack.Missing("python", requested, reason);
        return new ToolChoice("python", requested, context.Stack.Version("python"), reason);
    }

    private static (string Requested, string Reason)? Request(PackContext context)
    {
        var pipfile = context.Document("Pipfile");
        var project = context.Document("pyproject.toml");
        return context.Setting("PYTHON_VERSION") is { } setting ? (setting, context.SettingName("PYTHON_VERSION"))
            : context.FirstLine(".python-version") is { } file ? (file, ".python-version")
            : context.FirstLine("runtime.txt") is { } runtime && runtime.StartsWith("python-", StringComparison.Ordinal) ? (runtime[7..], "runtime.txt")
            : (pipfile?.Text("requires", "python_full_version") ?? pipfile?.Text("requires", "python_version")) is { } required ? (required, "Pipfile")
            : context.PinnedTool("python") is var (version, pinned) ? (version, pinned)
            : (project?.Text("project", "requires-python") ?? project?.Text("tool", "poetry", "dependencies", "python")) is { } range ? (range, "pyproject.toml") : null;
    }

    [GeneratedRegex(@"^(\d+\.\d+)(?:\.\d+)?$")]
    private static partial Regex Exact();
}
