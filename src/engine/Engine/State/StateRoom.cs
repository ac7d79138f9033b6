namespace Slipway.Engine.State;

/// <summary>The kinds of object that the state database holds. Each kind's rows are JSON documents written by one folder of the engine.</summary>
public enum StateRoom
{
    /// <summary>Facts about the engine itself: its id, the schema version.</summary>
    Engine,

    /// <summary>Image names and what they point at.</summary>
    Images,

    /// <summary>Committed snapshots (unpacked layers).</summary>
    Snapshots,

    /// <summary>Containers.</summary>
    Containers,

    /// <summary>Volumes.</summary>
    Volumes,

    /// <summary>Networks.</summary>
    Networks,

    /// <summary>Build cache records.</summary>
    BuildCache,

    /// <summary>Repositories of our registry.</summary>
    Repositories,

    /// <summary>Which blobs a repository has.</summary>
    RepositoryBlobs,

    /// <summary>Manifests of repositories.</summary>
    RepositoryManifests,

    /// <summary>Tags of repositories.</summary>
    RepositoryTags,

    /// <summary>What users of the registry may do.</summary>
    RegistryGrants,
}

/// <summary>One change to one row.</summary>
/// <param name="Room">The kind of object.</param>
/// <param name="Key">The object's key within its room.</param>
/// <param name="Json">The whole new document in UTF-8, or null to delete the row.</param>
public readonly record struct StateChange(StateRoom Room, string Key, byte[]? Json);
