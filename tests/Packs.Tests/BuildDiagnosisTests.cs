namespace Slipway.Packs.Tests;

/// <summary>What failing tools really say, and what is advised.</summary>
public sealed class BuildDiagnosisTests
{
    [Theory]
    [InlineData("npm ERR! code SELF_SIGNED_CERT_IN_CHAIN\nnpm ERR! request to https://registry.npmjs.org/ms failed", "--build-ca")]
    [InlineData("npm ERR! `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync.", "npm install")]
    [InlineData("➤ YN0028: The lockfile would have been modified by this install, which is explicitly forbidden.", "yarn install")]
    [InlineData(" ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with \"frozen-lockfile\"", "pnpm install")]
    [InlineData("psycopg.h:35:10: fatal error: libpq-fe.h: No such file or directory", "libpq-dev")]
    [InlineData("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", "memory")]
    [InlineData("process \"/bin/bash -c npm run build\" did not complete successfully: exit code: 137", "memory")]
    [InlineData("ModuleNotFoundError: No module named 'flask'", "\"flask\"")]
    [InlineData("Error: Cannot find module 'tailwindcss'\nRequire stack:", "\"tailwindcss\"")]
    [InlineData("ERROR: No matching distribution found for absent-package==2", "\"absent-package==2\"")]
    [InlineData("src/index.ts(3,5): error TS2322: Type 'string' is not assignable", "tsc")]
    [InlineData("Could not reach host index.rubygems.org. Check your network connection and try", "network")]
    [InlineData("Downloading https://services.gradle.org/distributions/gradle-8.5-bin.zip\nException in thread \"main\" java.net.UnknownHostException: services.gradle.org\n\tat java.base/sun.nio.ch", "distributionUrl")]
    [InlineData("WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError: [Errno -3] Temporary failure in name resolution'\nERROR: No matching distribution found for uv", "PIP_INDEX_URL")]
    [InlineData("error: Failed to fetch: `https://pypi.org/simple/flask/`\n  Caused by: client error (Connect)\n  Caused by: dns error: failed to lookup address information", "UV_DEFAULT_INDEX")]
    [InlineData("curl error 6 while downloading https://repo.packagist.org/packages.json: Could not resolve host: repo.packagist.org", "COMPOSER_REPO_PACKAGIST")]
    [InlineData("[ERROR] Could not transfer artifact from/to central: Unknown host repo.maven.apache.org", "network")]
    public void A_failure_gets_its_advice(string output, string advice) => Assert.Contains(advice, BuildDiagnosis.Of(output), StringComparison.Ordinal);

    [Fact]
    public void Nothing_is_made_up() => Assert.Null(BuildDiagnosis.Of("exit code: 3\ncannot compile this"));
}
