using Slipway.Distribution.Authorization;
using Slipway.Oci;

namespace Slipway.Distribution;

/// <summary>What is to be pulled.</summary>
/// <param name="Name">Repository with tag or digest; with neither, every tag of it.</param>
/// <param name="Platform">The platform; null for the host's.</param>
/// <param name="Credentials">Who we are to the registry.</param>
public sealed record PullRequest(Reference Name, Platform? Platform, RegistryCredentials Credentials);
