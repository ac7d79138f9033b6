using System.Text;

namespace Slipway.Oci;

/// <summary>Names of layer stacks (OCI image-spec, config.md, "Layer ChainID").</summary>
public static class Layers
{
    /// <summary>
    /// The chain id of each prefix of a stack: the first is the first diff id, each further one hashes
    /// <c>parent-chain-id SPACE diff-id</c>.
    /// </summary>
    /// <param name="diffIds">Digests of the uncompressed layers, bottom first.</param>
    public static IReadOnlyList<Digest> ChainIds(IReadOnlyList<Digest> diffIds)
    {
        var chain = new Digest[diffIds.Count];
        for (var i = 0; i < chain.Length; i++)
        {
            chain[i] = i == 0 ? diffIds[0] : Next(chain[i - 1], diffIds[i]);
        }

        return chain;
    }

    /// <summary>The chain id of a layer on top of a stack.</summary>
    public static Digest Next(Digest parent, Digest diffId) => Digest.Of(Encoding.ASCII.GetBytes($"{parent} {diffId}"));
}
