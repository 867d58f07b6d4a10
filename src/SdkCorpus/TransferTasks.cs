namespace IntraDistill.Tasks;

/// <summary>The tasks of zero-shot transfer by their names: those of the SDK corpus, and the benchmarks of the paper.</summary>
public static class TransferTasks
{
    /// <summary>PAN-X, tagging names.</summary>
    public const string Panx = "PAN-X";

    /// <summary>TyDiQA-GoldP, answering questions.</summary>
    public const string Tydiqa = "TyDiQA";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [SdkEntities.Name, SdkQuestions.Name, Panx, Tydiqa];

    /// <summary>Those of a list of names with commas between them, whatever their case, as they are spelt.</summary>
    /// <exception cref="IntraDistillException">One of them is none.</exception>
    public static string[] Named(string names) => [.. names.Split(',', StringSplitOptions.TrimEntries).Select(name =>
        All.FirstOrDefault(task => task.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new IntraDistillException($"'{name}' is no task; expected one of {string.Join(", ", All)}"))];

    /// <summary>Whether a task is made from the SDK corpus.</summary>
    public static bool IsSdk(string name) => name is SdkEntities.Name or SdkQuestions.Name;

    /// <summary>Reads a task.</summary>
    /// <param name="name">One of <see cref="All"/>.</param>
    /// <param name="sdk">The SDK corpus, which its tasks need; else null.</param>
    /// <param name="dataFolder">The folder of <c>panx</c> and <c>tydiqa</c>, which the others need.</param>
    /// <param name="languages">The languages to test, English besides; none for all.</param>
    /// <param name="train">The most examples to train on.</param>
    /// <param name="evaluated">The most examples of dev, and of each language's test.</param>
    /// <exception cref="IntraDistillException">Data or a language are missing; says which, and how to get them.</exception>
    public static TransferTask Load(string name, SdkCorpus? sdk, string dataFolder, IReadOnlyCollection<string> languages, int train, int evaluated)
    {
        switch (name)
        {
            case SdkEntities.Name or Panx:
                TransferCorpus<TaggedSentence> tagged = Choose(
                    name == Panx ? PanxCorpus.LoadTransfer(Path.Combine(dataFolder, "panx")) : SdkEntities.Build(sdk!));
                return new TaggingTask(tagged, name == Panx ? PanxCorpus.Tags : SdkEntities.Tags)
                {
                    Aligned = IsSdk(name),
                    WithoutModel = language => TaggingTask.Lines(TransferBaselines.SameNeighbours(tagged.Train, tagged.Test[language])),
                };
            case SdkQuestions.Name:
                TransferCorpus<QuestionExample> asked = Choose(SdkQuestions.Build(sdk!));
                return new QuestionTask(asked)
                {
                    Aligned = true, WithoutModel = language => TransferBaselines.LikeliestPlaceholder(asked.Train, asked.Test[language]),
                };
            default:
                return new QuestionTask(Choose(TydiqaCorpus.Load(Path.Combine(dataFolder, "tydiqa", "goldp")).ForTransfer()));
        }

        TransferCorpus<T> Choose<T>(TransferCorpus<T> corpus) where T : ITransferExample => corpus.In(languages).Sample(train, evaluated, evaluated);
    }
}
