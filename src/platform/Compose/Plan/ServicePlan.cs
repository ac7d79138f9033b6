using System.Globalization;
using Slipway.Compose.Model;

namespace Slipway.Compose.Plan;

/// <summary>What is to be done with one container.</summary>
public enum StepKind
{
    /// <summary>It is as it should be.</summary>
    Keep,

    /// <summary>It exists and is started.</summary>
    Start,

    /// <summary>It is made.</summary>
    Create,

    /// <summary>It is replaced by one with the present configuration.</summary>
    Recreate,

    /// <summary>It is removed.</summary>
    Remove,

    /// <summary>It gets the name that it should have.</summary>
    Rename,
}

/// <summary>One step of a plan.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="Name">Name that the container has afterwards.</param>
/// <param name="Number">Its number.</param>
/// <param name="Container">The container that there is; null when it is made.</param>
public sealed record Step(StepKind Kind, string Name, int Number, ObservedContainer? Container);

/// <summary>How containers are to be treated that differ from the model.</summary>
public enum Recreation
{
    /// <summary>Replaced when they differ.</summary>
    Diverged,

    /// <summary>Always replaced.</summary>
    Always,

    /// <summary>Never replaced.</summary>
    Never,
}

/// <summary>What a service should be.</summary>
/// <param name="Service">The service.</param>
/// <param name="Hash">Hash of its configuration.</param>
/// <param name="ImageId">Digest of its image; empty when it is not known.</param>
/// <param name="Scale">How many containers.</param>
/// <param name="Networks">Ids of its networks by their name.</param>
/// <param name="Recreation">What happens to containers that differ.</param>
public sealed record Target(Service Service, string Hash, string ImageId, int Scale, IReadOnlyDictionary<string, string> Networks, Recreation Recreation);

/// <summary>Compares one service with what there is of it; pure.</summary>
public static class ServicePlan
{
    /// <summary>The name of a container.</summary>
    public static string ContainerName(Project project, Service service, int number) =>
        service.ContainerName ?? string.Create(CultureInfo.InvariantCulture, $"{project.Name}{project.Separator}{service.Name}{project.Separator}{number}");

    /// <summary>The steps, in the order of carrying them out.</summary>
    /// <param name="project">The project.</param>
    /// <param name="target">What should be.</param>
    /// <param name="present">The service's containers.</param>
    public static IReadOnlyList<Step> Make(Project project, Target target, IReadOnlyList<ObservedContainer> present)
    {
        List<Step> steps = [];
        List<ObservedContainer> usable = [];
        foreach (IGrouping<int, ObservedContainer> same in present.GroupBy(c => c.Number).OrderBy(g => g.Key))
        {
            // Two of a number: an exchange was interrupted. The new one stays if it is what is wanted, else the old one.
            ObservedContainer stays = same.OrderByDescending(c => c.Summary.State is not ("removing" or "dead")).ThenByDescending(c => !Differs(target, c))
                .ThenBy(c => c.Label(Labels.Replace).Length > 0).ThenByDescending(c => c.Running).First();
            steps.AddRange(same.Where(c => c != stays).Select(c => new Step(StepKind.Remove, c.Name, c.Number, c)));
            if (stays.Summary.State is "removing" or "dead")
            {
                steps.Add(new Step(StepKind.Remove, stays.Name, stays.Number, stays));
            }
            else
            {
                usable.Add(stays);
            }
        }

        steps.AddRange(usable.Skip(target.Scale).Reverse().Select(c => new Step(StepKind.Remove, c.Name, c.Number, c)));
        foreach (ObservedContainer container in usable.Take(target.Scale))
        {
            steps.AddRange(Existing(project, target, container));
        }

        HashSet<int> taken = [.. usable.Select(c => c.Number)];
        int number = 0;
        for (int missing = target.Scale - Math.Min(usable.Count, target.Scale); missing > 0; missing--)
        {
            do
            {
                number++;
            }
            while (!taken.Add(number));

            steps.Add(new Step(StepKind.Create, ContainerName(project, target.Service, number), number, null));
        }

        return steps;
    }

    private static IEnumerable<Step> Existing(Project project, Target target, ObservedContainer container)
    {
        string name = ContainerName(project, target.Service, container.Number);
        if (target.Recreation == Recreation.Always || (target.Recreation == Recreation.Diverged && Differs(target, container)))
        {
            return [new Step(StepKind.Recreate, name, container.Number, container)];
        }

        List<Step> steps = container.Name == name ? [] : [new Step(StepKind.Rename, name, container.Number, container)];
        steps.Add(new Step(container.Summary.State is "running" or "restarting" ? StepKind.Keep : StepKind.Start, name, container.Number, container));
        return steps;
    }

    /// <summary>Whether a container is not what the model says.</summary>
    internal static bool Differs(Target target, ObservedContainer container)
    {
        if (container.Label(Labels.Hash) != target.Hash)
        {
            return true;
        }

        string image = container.Label(Labels.Image) is { Length: > 0 } label ? label : container.Summary.ImageID;
        if (target.ImageId.Length > 0 && image.Length > 0 && image != target.ImageId)
        {
            return true;
        }

        // A network of the same name that was made anew is another one.
        return target.Networks.Any(n => container.Summary.NetworkSettings.Networks.GetValueOrDefault(n.Key) is not { } endpoint
            || (endpoint.NetworkID.Length > 0 && n.Value.Length > 0 && endpoint.NetworkID != n.Value));
    }
}
