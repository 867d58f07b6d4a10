using static System.FormattableString;

namespace IntraDistill.Tasks;

/// <summary>What was published on IWSLT'14, beside what this kit runs and measures.</summary>
/// <remarks>Xu, Koehn and Murray 2022 (arXiv 2205.11416) and their script, which trains fairseq's <c>transformer_iwslt_de_en</c>; the
/// University of Washington's independent reproduction.</remarks>
public static class PublishedIwslt14
{
    /// <summary>Baseline, control and intra-distillation with the published dropout, learning rate and α.</summary>
    /// <param name="passes">K of the last two; 3 is published.</param>
    public static Arm[] Arms(int passes = 3) =>
    [
        new(IntraDistill.Arms.Baseline, 1, 0, Dropout: 0.3, LearningRate: 5e-4),
        new(IntraDistill.Arms.Control, passes, 0, Dropout: 0.3, LearningRate: 5e-4),
        new(IntraDistill.Arms.IntraDistillation, passes, 5, Dropout: 0.3, LearningRate: 5e-4),
    ];

    /// <summary>The setting of a run beside the published one, and what no record has (<paramref name="others"/>); bold is what
    /// differs.</summary>
    public static KitTable Setting(TransformerSettings shape, TrainerSettings training, IntraDistillationSettings objective,
        params (string Name, string Here, string Published)[] others) => KitTable.BesidePublished("The setting beside the published one",
    [
        ("Layers, encoder + decoder", $"{shape.EncoderLayers}+{shape.DecoderLayers}", "6+6"),
        ("d · feed-forward · heads", $"{shape.ModelSize} · {shape.FeedForwardSize} · {shape.Heads}", "512 · 1024 · 4"),
        ("Normalization", shape.NormalizeFirst ? "pre" : "post", "post"),
        ("Embeddings", shape.ShareEmbeddings || shape.ShareDecoderOutput ? "tied" : "untied", "untied"),
        ("Dropout · of attention", Invariant($"{shape.Dropout:0.##} · {shape.AttentionDropout:0.##}"), "0.3 · 0.1"),
        ("Adam β · ε · weight decay",
            Invariant($"{training.Betas.First}, {training.Betas.Second} · {training.Epsilon:0e-0} · {training.WeightDecay:0e-0}"),
            "0.9, 0.98 · 1e-6 · 1e-4"),
        ("Learning rate · schedule · warm-up", Invariant($"{training.LearningRate:0e-0} · {training.Schedule} · {training.WarmupSteps:N0}"),
            "5e-4 · InverseSqrt · 8,000"),
        ("Updates", Invariant($"{objective.TotalSteps:N0}"), "50,000"),
        ("K · α · p · q", Invariant($"{objective.Passes} · {objective.Alpha:0.##} · {objective.P:0.##} · {objective.Q:0.##}"),
            "3 · 5 · 5 · 10"),
        ("Divergence", $"{objective.Divergence}", "X"),
        .. others.Select(one => (one.Name, one.Here, (KitCell)one.Published)),
    ]).Note("Xu, Koehn and Murray 2022, arXiv 2205.11416; fairseq's transformer_iwslt_de_en. Bold: not as published.")
        .Note("Weights: lowest smoothed validation loss with patience 40, fairseq's default in the authors' script.");

    /// <summary>The paper's eight pairs: what is published of them, and what this kit measured; "not measured" where nothing was.</summary>
    /// <param name="target">The target language.</param>
    /// <param name="measured">Of a source language the BLEU of baseline, control and intra-distillation by seed.</param>
    public static KitTable Pairs(string target, Func<string, IReadOnlyDictionary<long, double>[]> measured)
    {
        static KitCell Paper(string text, int note = 1) => new KitCell(text).Published().See(note);
        var table = new KitTable("IWSLT'14, BLEU on test", new("Pair", Numeric: false),
            new("Baseline", "Published"), new("Intra-distillation", "Published"), new("Gain", "Published"),
            new("Baseline", "This kit"), new("Control", "This kit"), new("Intra-distillation", "This kit"),
            new("Gain", "This kit"), new("Seeds", "This kit"));
        List<double> gains = [];
        foreach (string language in Iwslt14Corpus.Languages)
        {
            IReadOnlyDictionary<long, double>[] arms = measured(language);
            double[] gained = [.. arms[^1].Where(one => arms.All(of => of.ContainsKey(one.Key)))
                .Select(one => one.Value - arms[0][one.Key])];
            if (gained.Length > 0)
                gains.Add(gained.Average());
            table.Row([$"{language}-{target}",
                .. language == "de" ? new[] { Paper("33.07"), Paper("36.10"), Paper("+3.03") } : ["–", "–", "–"],
                .. Comparison.Measured(arms)]);
        }
        table.Row(new KitCell("average gain").Bold(), "–", "–", Paper("+3.54"), "–", "–", "–",
            gains.Count > 0 ? new KitCell(Comparison.Signed(gains.Average())).Bold() : KitCell.NotMeasured, $"{gains.Count} of 8 pairs");
        table.Row("de-en, reproduction", Paper("32.90", 2), Paper("35.11", 2), Paper("+2.21", 2), "–", "–", "–", "–", "–");
        return table.Note("Xu, Koehn and Murray 2022, arXiv 2205.11416; of the other pairs this kit knows the average gain only.")
            .Note("University of Washington, independent reproduction.");
    }
}
