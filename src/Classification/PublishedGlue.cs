using static System.FormattableString;

namespace IntraDistill.Tasks;

/// <summary>What was published of fine-tuning on GLUE, beside what this kit runs and measures.</summary>
/// <remarks>Xu, Koehn and Murray 2022 (arXiv 2205.11416) and their script, which states α, p and q for QQP only. Scores by task are not at
/// hand.</remarks>
public static class PublishedGlue
{
    private const string Defaults = "The defaults of the authors' code, not published numbers.";

    /// <summary>The setting of a run beside the published one; bold is what differs. The model's shape has the dropout of
    /// fine-tuning.</summary>
    public static KitTable Setting(string checkpoint, BertSettings shape, TrainerSettings training, ClassificationBatchSettings batching,
        int epochs, Func<GlueTask, IntraDistillationSettings> objective)
    {
        IntraDistillationSettings qqp = objective(GlueTask.Qqp), others = objective(GlueTask.Rte);      // one of the other tasks
        return KitTable.BesidePublished("The setting beside the published one",
            ("Model", checkpoint, "bert-base-uncased"),
            ("Layers · d · heads", $"{shape.Layers} · {shape.HiddenSize} · {shape.Heads}", "12 · 768 · 12"),
            ("Optimizer", $"{training.Optimizer}", "Adamax"),
            ("Learning rate · schedule", Invariant($"{training.LearningRate:0e-0} · {training.Schedule}"), "2e-4 · Linear"),
            ("Epochs · batch · length", $"{epochs} · {batching.BatchSize} · {batching.MaxLength}", "20 · 32 · 128"),
            ("Dropout", Invariant($"{shape.Dropout:0.##}"), "0.1"),
            ("K", $"{qqp.Passes}", "3"),
            ("α, QQP", Invariant($"{qqp.Alpha:0.##}"), "0.5"), ("α, other tasks", Invariant($"{others.Alpha:0.##}"), "not stated"),
            ("p · q, QQP", Invariant($"{qqp.P:0.##} · {qqp.Q:0.##}"), "6.67 · 10"),
            ("p · q, other tasks", Invariant($"{others.P:0.##} · {others.Q:0.##}"), new KitCell("2 · 5").See(2)),
            ("STS-B", objective(GlueTask.StsB).Divergence == Divergence.MeanSquaredError ? "mean squared differences"
                : "another divergence", "mean squared differences"))
            .Note("The authors' script, github.com/fe1ixxu/Intra-Distillation. Bold: not as there.")
            .Note($"{Defaults} Up to α = 1 they change nothing.");
    }

    /// <summary>The paper's eight tasks: what is published of them, and what this kit measured; "not measured" where nothing was.</summary>
    /// <param name="checkpoint">What was fine-tuned.</param>
    /// <param name="measured">Of a task, a score ("score", or "score_mismatched" of MNLI) of baseline, control and intra-distillation by
    /// seed.</param>
    public static KitTable Tasks(string checkpoint, Func<GlueTask, string, IReadOnlyDictionary<long, double>[]> measured)
    {
        static KitCell Paper(string text) => new KitCell(text).Published().See(1);
        var table = new KitTable($"GLUE with {checkpoint}, dev", new("Task", Numeric: false), new("α", "Authors"), new("p · q", "Authors"),
            new("Baseline", "This kit"), new("Control", "This kit"), new("Intra-distillation", "This kit"), new("Gain", "This kit"),
            new("Seeds", "This kit"));
        foreach (GlueTask task in GlueTask.All)
            foreach (var (name, score) in task == GlueTask.Mnli
                ? new[] { ("MNLI matched", "score"), ("MNLI mismatched", "score_mismatched") } : [(task.Name, "score")])
                table.Row([$"{name} ({task.Metrics[0]})", .. task == GlueTask.Qqp ? new[] { Paper("0.5"), Paper("6.67 · 10") }
                    : ["not stated", new KitCell("2 · 5 (default)").See(2)], .. Comparison.Measured(measured(task, score))]);
        return table.Note("Xu, Koehn and Murray 2022, arXiv 2205.11416, and the authors' script.").Note(Defaults);
    }
}
