namespace IntraDistill.Tasks;

/// <summary>Tables of several tasks of GLUE, or of its shapes.</summary>
public static class GlueTables
{
    /// <summary>The tasks, a row each: shape, score, how many texts, and an example of a training text.</summary>
    public static KitTable Overview(string title, IEnumerable<GlueCorpus> corpora)
    {
        var table = new KitTable(title, new("Task", Numeric: false), new("Shape", Numeric: false), new("Scored by", Numeric: false),
            new("Train"), new("Dev"), new("Test"), new("An example", Numeric: false), new("Its label", Numeric: false));
        foreach (GlueCorpus corpus in corpora)
        {
            LabelledText text = corpus.Train.FirstOrDefault(one => one.Text.Length + (one.Pair ?? "").Length < 160) ?? corpus.Train[0];
            table.Row(corpus.Task.Name, $"{corpus.Task.Kind}", $"{corpus.Task.Metrics[0]}", KitCell.Number(corpus.Train.Count, 0),
                KitCell.Number(corpus.Dev.Count, 0), KitCell.Number(corpus.Test.Count, 0),
                text.Pair is null ? text.Text : $"{text.Text} ‖ {text.Pair}",
                corpus.Task.Kind == GlueKind.Similarity ? KitCell.Number(text.Label!.Value) : corpus.Task.Labels[(int)text.Label!.Value]);
        }
        return table;
    }

    /// <summary>What everything scores that there is, in two columns a task: predictions without a model, and each arm at its end, by the
    /// weights that a rule chose, as mean ± standard deviation and by seed. The runs of all tasks have the same arms.</summary>
    public static KitTable Scores(
        string title, IReadOnlyList<GlueCorpus> corpora, IReadOnlyDictionary<GlueTask, ArmRuns> runs, WeightRule rule)
    {
        var table = new KitTable(title, [new("System", Numeric: false), .. corpora.SelectMany(corpus =>
            new KitColumn[] { new($"{corpus.Task.Metrics[0]}", corpus.Task.Name), new("each seed", corpus.Task.Name) })]);
        foreach (var (name, predict) in GlueBaselines.All)
            table.Row([name, .. corpora.SelectMany(corpus => new KitCell[]
            {
                predict(corpus) is { } answers ? KitCell.Number(GlueScore.Of(corpus.Task, answers, corpus.Reported).Headline) : "–", "–",
            })]);
        foreach (Arm arm in runs[corpora[0].Task].Arms)
            table.Row([arm.Name, .. corpora.SelectMany(corpus =>
                ArmRuns.Cells(runs[corpus.Task].Scores(arm, StudyPoint.End, rule, "score")))]);
        return table;
    }
}

/// <summary>Predictions without a model, to stand beside a model's: what a data set gives away by its surface. Each makes a prediction for
/// each text of <see cref="GlueCorpus.Reported"/> from the labels of <see cref="GlueCorpus.Train"/>, or throws an
/// <see cref="IntraDistillException"/> where there are none.</summary>
internal static class GlueBaselines
{
    /// <summary>All of them, by what a table calls them; one that a task has no use for predicts null.</summary>
    public static IReadOnlyList<(string Name, Func<GlueCorpus, IReadOnlyList<double>?> Predict)> All { get; } =
    [
        ("Most frequent answer", MostFrequent), ("Nearest training text", NearestNeighbour),
        ("Likeness of the two texts", SurfaceSimilarity),
    ];

    /// <summary>For every text the class that most training texts have; for a regression the mean score.</summary>
    public static IReadOnlyList<double> MostFrequent(GlueCorpus corpus)
    {
        double[] labels = Labels(corpus);
        double answer = corpus.Task.Kind == GlueKind.Similarity ? labels.Average()
            : labels.CountBy(label => label).OrderByDescending(count => count.Value).ThenBy(count => count.Key).First().Key;
        return [.. corpus.Reported.Select(_ => answer)];
    }

    /// <summary>The label of the training text that is nearest by character 4-gram cosine, the first of equals; texts of a pair count as
    /// one text, the second after the first.</summary>
    public static IReadOnlyList<double> NearestNeighbour(GlueCorpus corpus)
    {
        double[] labels = Labels(corpus);
        CharacterGramIndex index = new([.. corpus.Train.Select(Whole)]);
        return [.. corpus.Reported.Select(text => labels[index.Nearest(Whole(text)).Index])];

        static string Whole(LabelledText text) => $"{text.Text} {text.Pair}";
    }

    /// <summary>How alike the two texts of a pair look: the character 4-gram cosine itself for a regression (whose correlation asks for no
    /// scale); for two classes, the side of a threshold that is right most often in training; null for other tasks.</summary>
    public static IReadOnlyList<double>? SurfaceSimilarity(GlueCorpus corpus)
    {
        double[] labels = Labels(corpus);
        if (corpus.Task.Kind == GlueKind.Similarity)
            return [.. corpus.Reported.Select(Cosine)];
        if (corpus.Task.Kind != GlueKind.SentencePair || corpus.Task.Labels.Count != 2)
            return null;

        // The rule "cosine >= threshold is class c" for every threshold that tells texts apart: those below it are the others.
        (double Cosine, double Label)[] train = [.. corpus.Train.Select(Cosine).Zip(labels).OrderBy(text => text.First)];
        int right = train.Count(text => text.Label == 1), best = Math.Max(right, train.Length - right);
        (double threshold, int above) = (double.NegativeInfinity, right == best ? 1 : 0);
        for (int i = 0; i < train.Length; i++)
        {
            right += train[i].Label == 1 ? -1 : 1;
            if (i + 1 < train.Length && train[i + 1].Cosine > train[i].Cosine && Math.Max(right, train.Length - right) > best)
            {
                best = Math.Max(right, train.Length - right);
                (threshold, above) = (train[i + 1].Cosine, right == best ? 1 : 0);
            }
        }
        return [.. corpus.Reported.Select(text => (double)(Cosine(text) >= threshold ? above : 1 - above))];

        static double Cosine(LabelledText text) => text.Pair is null ? 0 : CharacterGrams.Cosine(text.Text, text.Pair);
    }

    private static double[] Labels(GlueCorpus corpus) => corpus.Train.Count == 0
        ? throw new IntraDistillException($"{corpus.Task.Name}: a baseline needs at least one training text; there is none")
        : [.. corpus.Train.Select(text => text.Label ?? throw new IntraDistillException(
            $"{corpus.Task.Name}: training text {text.Id} has no label"))];
}
