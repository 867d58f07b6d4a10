
namespace IntraDistill.Tasks;

/// <summary>Tasks in GLUE's three shapes whose labels come from the .NET SDK's resources themselves, for runs without a download: they
/// are stand-ins, and say nothing about GLUE's own tasks.</summary>
/// <remarks>Texts keep the part of the corpus that they have there (<see cref="SdkMessage.Split"/>), so that no text of
/// <see cref="GlueCorpus.Dev"/> or <see cref="GlueCorpus.Test"/> is in training, nor a near-duplicate of it; two messages of a pair are
/// of one part. Pairs are drawn by a fixed seed: the data are the same for every seed of a training. Unlike GLUE's, the texts of
/// <see cref="GlueCorpus.Test"/> have their labels.</remarks>
public static class SdkTasks
{
    private const int PairSeed = 1;
    private const int ShortestForLength = 20, LanguagesOfAMessage = 2;
    private const double LengthScale = 2.5;

    private static readonly (string Code, string Name)[] s_alphabetic =
    [
        ("cs", "Czech"), ("de", "German"), ("es", "Spanish"), ("fr", "French"), ("it", "Italian"), ("pl", "Polish"),
        ("pt-BR", "Portuguese"), ("ru", "Russian"), ("tr", "Turkish"),
    ];

    private static readonly (string Prefix, int Label)[] s_severities =
        [("ERR_", 0), ("FTL_", 0), ("WRN_", 1), ("HDN_", 1), ("INF_", 1)];

    /// <summary>Whether a message of the C# or Visual Basic compiler is an error or a warning (with which hints are counted), by the
    /// prefix of its key. One text; the classes are uneven, so it is scored as CoLA is, by Matthews' correlation.</summary>
    public static GlueTask Severity { get; } = new("SDK-Severity", GlueKind.Sentence, ["error", "warning"],
        [GlueMetric.Matthews, GlueMetric.Accuracy], new("message", null, "severity"));

    /// <summary>Whether two messages are of one component, that is one assembly, such as NuGet's restore or the F# compiler. Half of the
    /// pairs are: each message comes once with one of its own assembly and once with one of another.</summary>
    public static GlueTask Component { get; } = new("SDK-Component", GlueKind.SentencePair, ["other", "same"],
        [GlueMetric.Accuracy, GlueMetric.F1], new("message1", "message2", "component"));

    /// <summary>How long a message becomes in a language, 0 to 5: two and a half times the characters of its translation for each of the
    /// English text, no more than 5. The second text is the language's English name. A regression, scored as STS-B is.</summary>
    /// <remarks>Of the languages those with an alphabet, whose characters compare with English ones; of the messages those of 20
    /// characters and more, each with two of the languages. The language alone makes a Pearson correlation of 0.37 on dev and 0.38 on
    /// test (the mean score of each in training, SDK 10.0.401); the rest is in the words.</remarks>
    public static GlueTask Length { get; } = new("SDK-Length", GlueKind.Similarity, [],
        [GlueMetric.Pearson, GlueMetric.Spearman], new("message", "language", "score"));

    /// <summary>The three tasks.</summary>
    public static IReadOnlyList<GlueTask> All { get; } = [Severity, Component, Length];

    /// <summary>The task of a name, whatever its case: one of these, or of GLUE.</summary>
    /// <exception cref="IntraDistillException">There is none.</exception>
    public static GlueTask Find(string name) =>
        All.FirstOrDefault(task => task.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) ?? GlueTask.Find(name);

    /// <summary>Makes one of the tasks from a corpus.</summary>
    /// <exception cref="IntraDistillException">The task is none of these, or a part of the corpus has no message for it (an SDK of which
    /// little is localized).</exception>
    public static GlueCorpus Build(SdkCorpus corpus, GlueTask task)
    {
        Func<IReadOnlyList<SdkMessage>, IEnumerable<LabelledText>> make = task switch
        {
            _ when task == Severity => Severities,
            _ when task == Component => Components,
            _ when task == Length => Lengths,
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
            SdkMessage stranger = Draw(random, messages, other => other.Assembly != message.Assembly);
            SdkMessage sibling = Draw(random, siblings, other => other != message);
            yield return new(message.English, stranger.English, 0, $"{message.Id} + {stranger.Id}");
            yield return new(message.English, sibling.English, 1, $"{message.Id} + {sibling.Id}");
        }
    }

    private static IEnumerable<LabelledText> Lengths(IReadOnlyList<SdkMessage> messages)
    {
        Random random = new(PairSeed);
        foreach (SdkMessage message in messages.Where(message => message.English.Length >= ShortestForLength))
        {
            (string Code, string Name)[] languages =
                [.. s_alphabetic.Where(language => message.Texts.ContainsKey(language.Code))];
            random.Shuffle(languages);
            foreach ((string code, string name) in languages.Take(LanguagesOfAMessage))
            {
                double ratio = (double)message.Texts[code].Length / message.English.Length;
                yield return new(message.English, name, Math.Min(LengthScale * ratio, GlueTask.GreatestScore), $"{message.Id} {code}");
            }
        }
    }

    private static SdkMessage Draw(Random random, IReadOnlyList<SdkMessage> messages, Func<SdkMessage, bool> fits)
    {
        while (true)
            if (messages[random.Next(messages.Count)] is var message && fits(message))
                return message;
    }
}
