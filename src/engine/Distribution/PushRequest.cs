using Slipway.Distribution.Authorization;
using Slipway.Oci;

namespace Slipway.Distribution;

/// <summary>What is to be pushed.</summary>
/// <param name="Name">Repository with tag; without, every tag of it that is here.</param>
/// <param name="Platform">Only this platform of an index; null for all that is here.</param>
/// <param name="Credentials">Who we are to the registry.</param>
public sealed record PushRequest(Reference Name, Platform? Platform, RegistryCredentials Credentials);
