using System.Globalization;
using System.Text;

namespace Slipway.Client.Http;

/// <summary>Builds a query string; what is null, false or empty is left out.</summary>
internal sealed class Query
{
    private readonly StringBuilder _text = new();

    internal Query Add(string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            _text.Append(_text.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }

        return this;
    }

    internal Query Add(string name, bool value) => Add(name, value ? "1" : null);

    internal Query Add(string name, long? value) => Add(name, value?.ToString(CultureInfo.InvariantCulture));

    internal Query Add(string name, DockerApi.Filters? filters) => Add(name, filters is { IsEmpty: false } ? filters.ToJson() : null);

    public override string ToString() => _text.ToString();
}
