namespace IntraDistill.Tasks;

/// <summary>Tables of several tasks of GLUE, or of its shapes.</summary>
public static class GlueTables
{
    /// <summary>The tasks, a row each: shape, score, how many texts, and an example of a training text.</summary>
    /// <param name="title">The table's caption.</param>
    /// <param name="corpora">The tasks with their texts.</param>
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

    /// <summary>
    /// What everything scores that there is, in two columns a task: predictions without a model, and each arm at its end as mean ± standard
    /// deviation and by seed.
    /// </summary>
    /// <param name="title">The table's caption.</param>
    /// <param name="corpora">The tasks with their texts.</param>
    /// <param name="runs">The runs of each: the same arms.</param>
    /// <param name="rule">The rule that chose the weights.</param>
    public static KitTable Scores(
        string title, IReadOnlyList<GlueCorpus> corpora, IReadOnlyDictionary<GlueTask, ArmRuns> runs, WeightRule rule)
    {
        var table = new KitTable(title, [new("System", Numeric: false), .. corpora.SelectMany(corpus =>
            new KitColumn[] { new($"{corpus.Task.Metrics[0]}", corpus.Task.Name), new("each seed", corpus.Task.Name) })]);
        foreach (var (name, predict) in GlueBaselines.All)
        {
            table.Row([name, .. corpora.SelectMany(corpus => new KitCell[]
            {
                predict(corpus) is { } answers ? KitCell.Number(GlueScore.Of(corpus.Task, answers, corpus.Reported).Headline) : "–", "–",
            })]);
        }
        foreach (Arm arm in runs[corpora[0].Task].Arms)
        {
            table.Row([arm.Name, .. corpora.SelectMany(corpus =>
                ArmRuns.Cells(runs[corpus.Task].Scores(arm, StudyPoint.End, rule, "score")))]);
        }
        return table;
    }
}
