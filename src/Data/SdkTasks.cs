using IntraDistill.Metrics;

namespace IntraDistill.Data;

/// <summary>
/// Tasks in GLUE's three shapes whose labels come from the .NET SDK's resources themselves, for runs without a download: they are
/// stand-ins, and say nothing about GLUE's own tasks.
/// </summary>
/// <remarks>
/// Texts keep the part of the corpus that they have there (<see cref="SdkMessage.Split"/>), so that no text of
/// <see cref="GlueCorpus.Dev"/> or <see cref="GlueCorpus.Test"/> is in training, nor a near-duplicate of it; the two of a pair
/// are of one part. Pairs are drawn by a fixed seed: the data are the same for every seed of a training. Unlike GLUE's, the texts
/// of <see cref="GlueCorpus.Test"/> have their labels.
/// </remarks>
public static class SdkTasks
{
    private const int PairSeed = 1;
    private const int Neighbours = 30;

    private static readonly string[] s_otherScripts = ["ja", "ko", "ru", "zh-Hans", "zh-Hant"];

    private static readonly (string Prefix, int Label)[] s_severities =
        [("ERR_", 0), ("FTL_", 0), ("WRN_", 1), ("HDN_", 1), ("INF_", 1)];

    /// <summary>
    /// Whether a message of the C# or Visual Basic compiler is an error or a warning (with which hints are counted), by the
    /// prefix of its key. One text; the classes are uneven, so it is scored as CoLA is, by Matthews' correlation.
    /// </summary>
    public static GlueTask Severity { get; } = new("SDK-Severity", GlueKind.Sentence, ["error", "warning"],
        [GlueMetric.Matthews, GlueMetric.Accuracy], new("message", null, "severity"));

    /// <summary>
    /// Whether two messages are of one component, that is one assembly, such as NuGet's restore or the F# compiler. Half of the
    /// pairs are: each message comes once with one of its own assembly and once with one of another.
    /// </summary>
    public static GlueTask Component { get; } = new("SDK-Component", GlueKind.SentencePair, ["other", "same"],
        [GlueMetric.Accuracy, GlueMetric.F1], new("message1", "message2", "component"));

    /// <summary>
    /// How alike two messages are in translation, 0 to 5: five times the mean, over the languages of other scripts that both have
    /// (Chinese, Japanese, Korean, Russian), of the character 4-gram cosine of their texts. A regression, scored as STS-B is.
    /// </summary>
    /// <remarks>
    /// Every message comes once with the one most like it in English and once with one of the 30 most like
    /// it. Scripts without Latin letters, and no pair of just any two messages, leave less to be told by common letters alone
    /// (surface similarity in English has a Pearson correlation of 0.98 with one over all languages and just any pairs).
    /// </remarks>
    public static GlueTask Similarity { get; } = new("SDK-Similarity", GlueKind.Similarity, [],
        [GlueMetric.Pearson, GlueMetric.Spearman], new("message1", "message2", "score"));

    /// <summary>The three tasks.</summary>
    public static IReadOnlyList<GlueTask> All { get; } = [Severity, Component, Similarity];

    /// <summary>Makes one of the tasks from a corpus.</summary>
    /// <param name="corpus">The messages.</param>
    /// <param name="task">One of <see cref="All"/>.</param>
    /// <exception cref="IntraDistillException">
    /// The task is none of these, or a part of the corpus has no message for it (an SDK of which little is localized).
    /// </exception>
    public static GlueCorpus Build(SdkCorpus corpus, GlueTask task)
    {
        Func<IReadOnlyList<SdkMessage>, IEnumerable<LabelledText>> make = task switch
        {
            _ when task == Severity => Severities,
            _ when task == Component => Components,
            _ when task == Similarity => Similarities,
            _ => throw new IntraDistillException(
                $"{task.Name} is no task of the SDK corpus; expected one of {string.Join(", ", All.Select(one => one.Name))}"),
        };
        return new GlueCorpus(task, Part(Split.Train), Part(Split.Valid), Part(Split.Test));

        IReadOnlyList<LabelledText> Part(Split split)
        {
            LabelledText[] texts = [.. make([.. corpus.Messages.Where(message => message.Split == split)])];
            // Kinds of pairs take turns: every second or third text, say, would be of one kind.
            new Random(PairSeed).Shuffle(texts);
            return texts.Length > 0 ? texts
                : throw new IntraDistillException($"{task.Name}: the SDK {corpus.SdkVersion} in {corpus.Root} has no message for {split}");
        }
    }

    private static IEnumerable<LabelledText> Severities(IReadOnlyList<SdkMessage> messages)
    {
        foreach (SdkMessage message in messages)
            foreach ((string prefix, int label) in s_severities)
                if (message.Key.StartsWith(prefix, StringComparison.Ordinal))
                    yield return new(message.English, null, label, message.Id);
    }

    private static IEnumerable<LabelledText> Components(IReadOnlyList<SdkMessage> messages)
    {
        Random random = new(PairSeed);
        Dictionary<string, SdkMessage[]> byAssembly =
            messages.GroupBy(message => message.Assembly).ToDictionary(group => group.Key, group => group.ToArray());
        if (byAssembly.Count < 2)
            yield break;
        foreach (SdkMessage message in messages)
        {
            SdkMessage[] siblings = byAssembly[message.Assembly];
            // A message that could stand on one side only would tell its label by itself.
            if (siblings.Length == 1)
                continue;
            yield return Pair(message, Draw(random, messages, other => other.Assembly != message.Assembly), 0);
            yield return Pair(message, Draw(random, siblings, other => other != message), 1);
        }
    }

    private static IEnumerable<LabelledText> Similarities(IReadOnlyList<SdkMessage> messages)
    {
        Random random = new(PairSeed);
        CharacterGramIndex index = new([.. messages.Select(message => message.English)]);
        for (int i = 0; i < messages.Count; i++)
        {
            // A message is the text most like itself.
            int[] near = [.. index.Neighbours(messages[i].English, Neighbours + 1).Where(other => other != i)];
            if (near.Length < 2)
                continue;
            foreach (int other in new[] { near[0], near[random.Next(1, near.Length)] })
                if (InTranslation(messages[i], messages[other]) is { } likeness)
                    yield return Pair(messages[i], messages[other], GlueTask.GreatestScore * likeness);
        }
    }

    // null where the two have no such language in common.
    private static double? InTranslation(SdkMessage one, SdkMessage other)
    {
        double[] cosines = [.. s_otherScripts
            .Where(language => one.Texts.ContainsKey(language) && other.Texts.ContainsKey(language))
            .Select(language => CharacterGrams.Cosine(one.Texts[language], other.Texts[language]))];
        return cosines.Length == 0 ? null : cosines.Average();
    }

    private static SdkMessage Draw(Random random, IReadOnlyList<SdkMessage> messages, Func<SdkMessage, bool> fits)
    {
        while (true)
            if (messages[random.Next(messages.Count)] is var message && fits(message))
                return message;
    }

    private static LabelledText Pair(SdkMessage one, SdkMessage other, double label) =>
        new(one.English, other.English, label, $"{one.Id} + {other.Id}");
}
