namespace IntraDistill.Tasks;

/// <summary>A task of zero-shot transfer as tables, charts and the scores of a run see it, whatever its examples are. A run predicts the
/// test examples of all languages, a line each, one language after the other.</summary>
public abstract class TransferTask
{
    private readonly IReadOnlyDictionary<string, int> _tests;

    private protected TransferTask(string name, string fingerprint, int train, int dev, IReadOnlyDictionary<string, int> tests)
    {
        (Name, Fingerprint, Train, Dev, _tests) = (name, fingerprint, train, dev, tests);
        Foreign = [.. Language.All.Select(language => language.Code).Where(code => code != "en" && tests.ContainsKey(code))];
        Languages = ["en", .. Foreign];
    }

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>That of its data.</summary>
    public string Fingerprint { get; }

    /// <summary>How many examples there are to train on.</summary>
    public int Train { get; }

    /// <summary>How many there are to choose weights by.</summary>
    public int Dev { get; }

    /// <summary>The languages that are tested, but for English: by script and name.</summary>
    public IReadOnlyList<string> Foreign { get; }

    /// <summary>The languages that are tested, English first.</summary>
    public IReadOnlyList<string> Languages { get; }

    /// <summary>Their names, in that order.</summary>
    public string[] LanguageNames => [.. Languages.Select(code => Language.Find(code).Name)];

    /// <summary>Their scripts, likewise.</summary>
    public string[] Scripts => [.. Languages.Select(code => Language.Find(code).Script)];

    /// <summary>What the lines of a language are by a rule that needs no model and is made from the English examples; null where there is
    /// none.</summary>
    public Func<string, IReadOnlyList<string>>? WithoutModel { get; init; }

    /// <summary>Whether the test examples are the same in all languages, so that a bootstrap draws the same ones.</summary>
    public bool Aligned { get; init; }

    /// <summary>Whether exact matches are scored besides F1.</summary>
    public virtual bool HasExact => false;

    /// <summary>How many test examples a language has.</summary>
    public int Count(string language) => _tests[language];

    /// <summary>The rules that have something to choose from: without dev there are only the last weights.</summary>
    public WeightRule[] RulesOf(IReadOnlyList<WeightRule> rules) => Dev > 0 ? [.. rules] : [WeightRule.Last];

    /// <summary>The rule, or <see cref="WeightRule.Last"/> without dev.</summary>
    public WeightRule RuleOf(WeightRule rule) => Dev > 0 ? rule : WeightRule.Last;

    /// <summary>A language's lines of those of all.</summary>
    public IReadOnlyList<string> LinesOf(IReadOnlyList<string> lines, string language) =>
        [.. lines.Skip(Languages.TakeWhile(other => other != language).Sum(Count)).Take(Count(language))];

    /// <summary>What the lines of all languages score, as "score de" a language: F1, in percent; of questions "exact de", too.</summary>
    public IEnumerable<(string Name, RunValue Value)> Score(IReadOnlyList<string> lines) =>
    [
        .. Languages.Select(language => ($"score {language}", (RunValue)Statistics(LinesOf(lines, language), language).Score)),
        .. HasExact ? Languages.Select(language => ($"exact {language}", (RunValue)Exact(LinesOf(lines, language), language).Score)) : [],
    ];

    /// <summary>What the lines of a language score, for <see cref="Bootstrap"/>: F1.</summary>
    public abstract SegmentStatistics Statistics(IReadOnlyList<string> lines, string language);

    /// <summary>An example of a language and its answer; languages that have the same examples show the same.</summary>
    public abstract (string Text, string Answer) Example(string language);

    /// <summary>The share of lines of a language that are exactly right, where <see cref="HasExact"/>.</summary>
    private protected virtual SegmentStatistics Exact(IReadOnlyList<string> lines, string language) => throw new NotSupportedException();

    /// <summary>Tasks in numbers, a row each.</summary>
    public static KitTable Overview(string title, IEnumerable<TransferTask> tasks)
    {
        var table = new KitTable(title, new("Task", Numeric: false), new("Train", "English"), new("Dev", "English"),
            new("Languages", "Test"), new("Examples in each", "Test"));
        foreach (TransferTask task in tasks)
        {
            IEnumerable<int> ends = new[] { task._tests.Values.Min(), task._tests.Values.Max() }.Distinct();
            table.Row(task.Name, KitCell.Number(task.Train, 0), task.Dev == 0 ? "–" : KitCell.Number(task.Dev, 0), $"{task._tests.Count}",
                string.Join(" – ", ends.Select(count => KitCell.Number(count, 0).Text)));
        }
        return table;
    }

    /// <summary>An example of each task in the first three of some languages that it has.</summary>
    public static KitTable Examples(string title, IEnumerable<TransferTask> tasks, params IEnumerable<string> codes)
    {
        var table = new KitTable(title, new("Task", Numeric: false), new("Language", Numeric: false), new("Text", Numeric: false),
            new("Answer", Numeric: false));
        foreach (TransferTask task in tasks)
            foreach (string code in codes.Where(task._tests.ContainsKey).Take(3))
            {
                (string text, string answer) = task.Example(code);
                table.Row(task.Name, Language.Find(code).Name, text, answer);
            }
        return table;
    }
}

/// <summary>Tagging, with tags in the order of the model's labels: a line is the tags of a sentence.</summary>
public sealed class TaggingTask(TransferCorpus<TaggedSentence> corpus, IReadOnlyList<string> tags) : TransferTask(corpus.Name,
    corpus.Fingerprint, corpus.Train.Count, corpus.Dev.Count, corpus.Test.ToDictionary(part => part.Key, part => part.Value.Count))
{
    /// <summary>The sentences.</summary>
    public TransferCorpus<TaggedSentence> Corpus => corpus;

    /// <summary>The tags.</summary>
    public IReadOnlyList<string> Tags => tags;

    /// <summary>Predicts the test sentences of all languages, in batches as <see cref="TaggingBatches.InOrder"/> makes them.</summary>
    public IReadOnlyList<string> Predict(
        BertForTokenClassification model, Func<IReadOnlyList<TaggedSentence>, IReadOnlyList<TaggingBatch>> inOrder) =>
        [.. Languages.SelectMany(language => Lines(SequenceTagger.Predict(model, inOrder(corpus.Test[language]))))];

    /// <summary>Tags of sentences as lines.</summary>
    public static IReadOnlyList<string> Lines(IReadOnlyList<IReadOnlyList<string>> tags) => [.. tags.Select(one => string.Join(' ', one))];

    /// <inheritdoc/>
    public override SegmentStatistics Statistics(IReadOnlyList<string> lines, string language) =>
        EntityF1.Statistics([.. lines.Select(line => line.Split(' '))], [.. corpus.Test[language].Select(one => one.Tags)]);

    /// <inheritdoc/>
    public override (string Text, string Answer) Example(string language)
    {
        // A short English sentence with things of two kinds; where there is none, the first.
        int at = corpus.Test["en"].ToList().FindIndex(one =>
            one.Tokens.Count < 16 && one.Tags.Where(tag => tag[0] == 'B').Distinct().Count() > 1);
        TaggedSentence shown = corpus.Test[language][Math.Clamp(at, 0, corpus.Test[language].Count - 1)];
        return (string.Join(' ', shown.Tokens), string.Join(", ",
            shown.Tokens.Zip(shown.Tags).Where(pair => pair.Second != "O").Select(pair => $"{pair.First} {pair.Second}")));
    }
}
