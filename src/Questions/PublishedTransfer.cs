using static System.FormattableString;

namespace IntraDistill.Tasks;

/// <summary>What was published of zero-shot transfer, beside what this kit runs and measures. Tasks are "PAN-X" and "TyDiQA".</summary>
/// <remarks>Xu, Koehn and Murray 2022 (arXiv 2205.11416) and their scripts; the University of Washington's independent reproduction with
/// multilingual BERT. Of both only the English scores are at hand.</remarks>
public static class PublishedTransfer
{
    private const string NotStated = "not stated";

    private static readonly Published s_panx = new("PAN-X: F1", "xlm-roberta-large", PanxCorpus.Languages,
        ["2e-5 · 0 · 0", "10 · 32 · 2 · 128 · 0", "1", "1, 2, 3, 4, 5"], [("XLM-R large", 84.50, 85.40), ("mBERT", 82.35, 83.41)]);

    private static readonly Published s_tydiqa = new("TyDiQA-GoldP: F1", "xlm-roberta-base", TydiqaCorpus.Languages,
        ["3e-5 · 500 · 0.0001", "15 · 32 · 8 · 384 · 128", NotStated, NotStated], [("XLM-R base", 65.51, 68.20), ("mBERT", 63.54, 66.85)]);

    private sealed record Published(string Title, string Checkpoint, IReadOnlyList<string> Languages,
        string[] Setting, (string System, double Baseline, double Distilled)[] English);

    /// <summary>The setting of a run beside the published one; bold is what differs. A dropout below 0 is the checkpoint's.</summary>
    public static KitTable Setting(
        string task, TransferSetting setting, IntraDistillationSettings objective, double dropout, IEnumerable<int> seeds)
    {
        (string checkpoint, string[] stated) = (Of(task).Checkpoint, Of(task).Setting);
        return KitTable.BesidePublished($"{task}: the setting beside the published one",
            ("Model", HuggingFaceWeights.NameOf(setting.Checkpoint), checkpoint),
            ("Learning rate · warm-up · weight decay",
                Invariant($"{setting.LearningRate:0e-0} · {setting.Warmup} · {setting.WeightDecay:0.####}"), stated[0]),
            ("Epochs · batch · part · length · stride",
                $"{setting.Epochs} · {setting.Batch} · {setting.Part} · {setting.MaxLength} · {setting.Stride}", stated[1]),
            ("Dropout", dropout < 0 ? "the checkpoint's" : Invariant($"{dropout:0.##}"), "the checkpoint's"),
            ("K", $"{objective.Passes}", "3"),
            ("α", Invariant($"{objective.Alpha:0.##}"), stated[2]),
            ("p · q", Invariant($"{objective.P:0.##} · {objective.Q:0.##}"), new KitCell("2 · 5").See(2)),
            ("Seeds", string.Join(", ", seeds), stated[3]))
            .Note("The authors' scripts, github.com/fe1ixxu/Intra-Distillation. Bold: not as there.")
            .Note("The defaults of the authors' code, not published numbers. Up to α = 1 they change nothing.");
    }

    /// <summary>A benchmark's languages: what is published of them, and what this kit measured; "not measured" where nothing was.</summary>
    /// <param name="task">"PAN-X" or "TyDiQA".</param>
    /// <param name="checkpoint">The name of what was fine-tuned; null where nothing was. Another than the paper's has a row of its
    /// own.</param>
    /// <param name="measured">Of a language the scores of baseline, control and intra-distillation by seed.</param>
    public static KitTable Languages(string task, string? checkpoint, Func<string, IReadOnlyDictionary<long, double>[]> measured)
    {
        Published published = Of(task);
        string paper = published.English[0].System, system = checkpoint is null || checkpoint == published.Checkpoint ? paper : checkpoint;
        var table = new KitTable($"{published.Title} with {system}", new("Language", Numeric: false), new("Baseline", "This kit"),
            new("Control", "This kit"), new("Intra-distillation", "This kit"), new("Gain", "This kit"), new("Seeds", "This kit"),
            new("Baseline", "Published"), new("Intra-distillation", "Published"));
        KitCell[] english = Comparison.Measured(measured("en")), none = [.. Enumerable.Repeat(KitCell.NotMeasured, 4), "–"];
        for (int i = 0; i < published.English.Length; i++)
        {
            var (of, baseline, distilled) = published.English[i];
            table.Row([$"English ({of})", .. of == system ? english : none, Number(baseline, i + 1), Number(distilled, i + 1)]);
        }
        if (system != paper)
            table.Row([$"English ({system})", .. english, "–", "–"]);
        foreach (string code in published.Languages.Where(code => code != "en"))
            table.Row([Language.Find(code).Name, .. Comparison.Measured(measured(code)), "–", "–"]);
        return table.Note("Xu, Koehn and Murray 2022, arXiv 2205.11416.")
            .Note("An independent reproduction (University of Washington) with multilingual BERT.");

        static KitCell Number(double value, int note) => KitCell.Number(value).Published().See(note);
    }

    private static Published Of(string task) => task switch
    {
        "PAN-X" => s_panx,
        "TyDiQA" => s_tydiqa,
        _ => throw new IntraDistillException($"'{task}' is not of the paper; expected PAN-X or TyDiQA"),
    };
}
