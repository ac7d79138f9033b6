using Slipway.Build.Dockerfile;
using Slipway.Oci;

namespace Slipway.Build.Graph;

/// <summary>Gives the stages that begin with an image or a context their first operation, and asks for the images' configs.</summary>
internal sealed class StageSources(GraphContext context, ImageConfigResolver resolver)
{
    private const int ImagesAtOnce = 4;

    private readonly Dictionary<(string, Platform), ImageSource> images = [];

    /// <summary>Resolves the stages of the set that need it.</summary>
    internal async Task ResolveAsync(IEnumerable<StagePlan> plans, CancellationToken cancellation)
    {
        var waiting = plans.Where(plan => plan.Base is null && plan.Source is null).ToList();
        foreach (var plan in waiting)
        {
            plan.Source = context.At(plan.Span, () => Make(plan));
        }

        var missing = waiting.Select(plan => plan.Source).OfType<ImageSource>().Where(image => image.Resolved is null).Distinct();
        await Parallel.ForEachAsync(
            missing, new ParallelOptions { MaxDegreeOfParallelism = ImagesAtOnce, CancellationToken = cancellation },
            async (image, token) => image.Resolved = await FindAsync(image, waiting.First(plan => plan.Source == image), token).ConfigureAwait(false)).ConfigureAwait(false);
        foreach (var plan in waiting)
        {
            Finish(plan);
        }
    }

    // What is taken for an image may be a misspelt stage.
    private async Task<ResolvedImage> FindAsync(ImageSource image, StagePlan plan, CancellationToken cancellation)
    {
        try
        {
            return await resolver(image, cancellation).ConfigureAwait(false);
        }
        catch (UnavailableImageException e)
        {
            var suggestion = Nearest.Find(plan.BaseName, context.File.Stages.Select(stage => stage.From.Stage).Where(name => name.Length > 0));
            throw context.File.Locate(new SyntaxFault(e.Message, FaultNumber.Image, plan.BaseName, suggestion), plan.Span, inner: e.InnerException);
        }
    }

    private Operation Make(StagePlan plan)
    {
        var platform = plan.Platform ?? context.Options.TargetPlatform;
        if (plan.Context is not null)
        {
            return FromContext(plan, plan.Context, platform);
        }

        if (plan.BaseName == "scratch")
        {
            return new ScratchSource { Name = "scratch", Platform = platform };
        }

        if (context.Options.FindId(plan.BaseName) is { } id)
        {
            return Image(Reference.Parse($"{id.Algorithm}@{id}"), platform, plan, id);
        }

        return Reference.TryParse(plan.BaseName, out var reference, out var error)
            ? Image(reference, platform, plan)
            : throw new SyntaxFault($"failed to parse stage name {GoText.Quote(plan.BaseName)}: {error}", FaultNumber.Value, plan.BaseName);
    }

    private Operation FromContext(StagePlan plan, string value, Platform platform)
    {
        const string image = "docker-image://";
        if (value.StartsWith(image, StringComparison.Ordinal))
        {
            return Reference.TryParse(value[image.Length..], out var reference, out var error)
                ? Image(reference, platform, plan)
                : throw new SyntaxFault($"invalid context {GoText.Quote(plan.ContextName)}: {error}", FaultNumber.Value, plan.BaseName);
        }

        if (value.StartsWith("oci-layout://", StringComparison.Ordinal))
        {
            throw new SyntaxFault($"context {GoText.Quote(plan.ContextName)}: image layouts are directories of the client, which only builds over BuildKit's API reach", FaultNumber.Value, plan.BaseName);
        }

        var title = $"[context {plan.ContextName}] {Redaction.Apply(value)}";
        if (GitReference.Parse(value) is { } git)
        {
            return new GitSource
            {
                Name = title, Platform = platform, Remote = git.Remote, Ref = git.Ref, Subdirectory = git.Subdirectory,
                KeepGitDirectory = git.KeepGitDir ?? false, Checksum = git.Checksum,
            };
        }

        return value.StartsWith("http://", StringComparison.Ordinal) || value.StartsWith("https://", StringComparison.Ordinal)
            ? new HttpSource { Name = title, Platform = platform, Url = value, FileName = "context" }
            : context.Local(plan.ContextName, "/", platform);
    }

    private ImageSource Image(Reference reference, Platform platform, StagePlan plan, Digest? id = null)
    {
        var full = reference.TagNameOnly();
        var key = (full.ToString(), platform);
        if (!images.TryGetValue(key, out var image))
        {
            images[key] = image = new ImageSource
            {
                Name = StepTitle.Next(context, plan, $"FROM {(id is null ? full : plan.BaseName)}", platform), Stage = plan.Name.Length > 0 ? plan.Name : null,
                Source = plan.Span, Platform = platform, Reference = full, ImageId = id, IgnoreCache = plan.IgnoreCache,
            };
        }
        else if (plan.Text is not null)
        {
            plan.StepsDone++;
        }

        return image;
    }

    private void Finish(StagePlan plan)
    {
        var platform = plan.Platform ?? context.Options.TargetPlatform;
        if (plan.Source is ImageSource { Resolved: { } resolved })
        {
            plan.BaseImage = resolved.Config;
            plan.Image = ImageDraft.Of(resolved.Config);
            var actual = resolved.Config.Platform;
            if (plan.Text is not null && (actual.Os != platform.Os || actual.Architecture != platform.Architecture))
            {
                context.Lint.Report(
                    LintRule.InvalidBaseImagePlatform, plan.Span,
                    $"Base image {plan.BaseName} was pulled with platform {GoText.Quote(actual.ToString())}, expected {GoText.Quote(platform.ToString())} for current build",
                    plan.Check);
            }
        }
        else
        {
            plan.Image = ImageDraft.Scratch(platform);
        }

        if (plan.Text is null || plan.Replaced)
        {
            plan.State = plan.Source;
        }
    }
}
