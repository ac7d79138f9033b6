using System.Security.Cryptography;
using System.Text;
using Slipway.Platform.Apps;
using Slipway.Platform.Model;
using Slipway.Platform.Proxy;

namespace Slipway.Platform.Tests;

/// <summary>Variables and addresses that a Compose file makes necessary, without an engine.</summary>
public sealed class MagicVariableTests
{
    [Theory]
    [InlineData("SERVICE_PASSWORD_DB", 32)]
    [InlineData("SERVICE_PASSWORD_64_DB", 64)]
    [InlineData("SERVICE_PASSWORD_DB_64", 64)]
    [InlineData("SERVICE_PASSWORDWITHSYMBOLS_DB", 32)]
    [InlineData("SERVICE_USER_DB", 16)]
    [InlineData("SERVICE_LOWERCASEUSER_DB", 16)]
    [InlineData("SERVICE_BASE64_KEY", 32)]
    [InlineData("SERVICE_BASE64_128_KEY", 128)]
    [InlineData("SERVICE_REALBASE64_KEY", 44)]
    [InlineData("SERVICE_HEX_32_KEY", 64)]
    [InlineData("SERVICE_PASSWORD_5432", 32)]
    public void A_value_has_the_length_that_its_name_says(string name, int length)
    {
        Assert.True(MagicVariables.IsMagic(name));
        var value = MagicVariables.NewValue(name, () => "", DateTimeOffset.UnixEpoch);
        Assert.Equal(length, value.Length);
        Assert.NotEqual(value, MagicVariables.NewValue(name, () => "", DateTimeOffset.UnixEpoch));
    }

    [Theory]
    [InlineData("SERVICE_PASSWORD")]
    [InlineData("SERVICE_PASSWORD_")]
    [InlineData("SERVICE_PORT_WEB")]
    [InlineData("MY_SERVICE_PASSWORD_DB")]
    [InlineData("PASSWORD_DB")]
    public void Other_names_are_the_users_own(string name) => Assert.False(MagicVariables.IsMagic(name));

    [Theory]
    [InlineData("WEB", "web", 0)]
    [InlineData("WEB_3000", "web", 3000)]
    [InlineData("MY_API", "my-api", 0)]
    [InlineData("MY_API_80", "my-api", 80)]
    [InlineData("WEB_2", "web-2", 0)]
    [InlineData("NOBODY_3000", null, 3000)]
    [InlineData("WEB_99999", null, 0)]
    public void An_identifier_means_a_service_and_perhaps_a_port(string id, string? service, int port) =>
        Assert.Equal((service, port), MagicVariables.Find(id, ["web", "my-api", "web-2", "my_api"]));

    [Fact]
    public void A_token_of_Supabase_is_signed_with_the_password()
    {
        var parts = MagicVariables.NewValue("SERVICE_SUPABASEANON_KEY", () => "secret", DateTimeOffset.UnixEpoch).Split('.');
        Assert.Equal("""{"iss":"supabase","iat":0,"exp":3155760000,"role":"anon"}""", Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(parts[1])));
        Assert.Equal(HMACSHA256.HashData("secret"u8, Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}")), System.Buffers.Text.Base64Url.DecodeFromChars(parts[2]));
    }

    [Fact]
    public void Each_port_of_a_service_has_an_address_and_a_target_and_the_main_one_has_the_applications()
    {
        var app = new App { Id = "identity", Name = "shop", EnvironmentId = "e", ServerId = "s", Source = new AppSource(), ReleaseId = "r" } with
        {
            Services = [new AppService { Name = "web", Main = true, Alias = "one", Ports = [80, 81] }, new AppService { Name = "My_Api", Alias = "two", Ports = [90] }, new AppService { Name = "db" }],
        };
        Assert.Equal(["shop.test", "web-81-shop.test", "my-api-shop.test"], ServiceDomains.Of(app, "test").Select(domain => domain.Host));
        Assert.Equal([("identity", "one:80"), ("identity.My_Api", "two:90"), ("identity.web.81", "one:81")], ServiceDomains.TargetsOf(app).Select(pair => (pair.Key, pair.Value)).OrderBy(pair => pair.Key, StringComparer.Ordinal));

        // An address of one's own takes the place of the service's; without a service it is the main one's.
        app = app with { Domains = [new Domain { Host = "shop.example.com" }, new Domain { Host = "api.example.com", Service = "My_Api" }] };
        Assert.Equal(["shop.example.com", "api.example.com", "web-81-shop.test"], ServiceDomains.Of(app, "test").Select(domain => domain.Host));
        Assert.Equal("identity.My_Api", ServiceDomains.KeyOf(app, app.Domains[1]));
        Assert.All(ServiceDomains.TargetsOf(app with { Stopped = true }).Values, Assert.Null);
    }
}
