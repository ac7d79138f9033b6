using Slipway.Engine.Networks;

namespace Slipway.Engine.Containers;

/// <summary><c>docker rename</c>.</summary>
public sealed class RenameContainer
{
    private readonly ContainerTable _table;
    private readonly ContainerNetworking _networking;
    private readonly ContainerEvents _events;

    internal RenameContainer(ContainerTable table, ContainerNetworking networking, ContainerEvents events) => (_table, _networking, _events) = (table, networking, events);

    /// <summary>Gives a container another name.</summary>
    /// <exception cref="EngineException">The name is malformed, the same, or taken.</exception>
    public async Task RunAsync(Container container, string name, CancellationToken cancel)
    {
        if (name.Length == 0)
        {
            throw EngineException.Invalid("Neither old nor new names may be empty");
        }

        var newName = name.TrimStart('/');
        await container.EnterAsync(cancel).ConfigureAwait(false);
        try
        {
            var oldName = container.Name;
            if (oldName == newName)
            {
                throw EngineException.Invalid("Renaming a container with the same name as its current name");
            }

            _table.ReserveName(newName, container.Id);
            try
            {
                await container.UpdateAsync(r => r with { Name = newName }).ConfigureAwait(false);
            }
            catch
            {
                _table.ReleaseName(newName, container.Id);
                throw;
            }

            _table.ReleaseName(oldName, container.Id);
            _networking.Renamed(container);
            _events.Publish(container, "rename", ("oldName", "/" + oldName));
        }
        finally
        {
            container.Gate.Release();
        }
    }
}
