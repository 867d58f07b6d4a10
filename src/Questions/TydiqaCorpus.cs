namespace IntraDistill.Tasks;

/// <summary>
/// TyDiQA-GoldP (Clark et al. 2020): questions that people asked in nine languages, each with the passage of Wikipedia that
/// answers it. For zero-shot transfer, as XTREME and the paper have it, English is trained on and all nine are scored.
/// </summary>
/// <param name="Train">English.</param>
/// <param name="Dev">The development set of each language, by its code; test sets are not published.</param>
public sealed record TydiqaCorpus(
    IReadOnlyList<QuestionExample> Train, IReadOnlyDictionary<string, IReadOnlyList<QuestionExample>> Dev) : KitRecord
{
    private static readonly Dictionary<string, string> s_names = new()
    {
        ["en"] = "english", ["ar"] = "arabic", ["bn"] = "bengali", ["fi"] = "finnish", ["id"] = "indonesian",
        ["ko"] = "korean", ["ru"] = "russian", ["sw"] = "swahili", ["te"] = "telugu",
    };

    /// <summary>The codes of the nine languages, in XTREME's order: English first.</summary>
    public static IReadOnlyList<string> Languages { get; } = ["en", "ar", "bn", "fi", "id", "ko", "ru", "sw", "te"];

    /// <summary>The English name of a language, as TyDiQA writes it: <c>swahili</c>.</summary>
    /// <exception cref="IntraDistillException">It is none of <see cref="Languages"/>.</exception>
    public static string NameOf(string language) => s_names.TryGetValue(language, out string? name) ? name
        : throw new IntraDistillException($"language '{language}': TyDiQA-GoldP has {string.Join(", ", Languages)}");

    /// <summary>
    /// The corpus as a task of zero-shot transfer. It has no part to choose a model by: the development sets are what is reported,
    /// and the authors test the weights that training ends with.
    /// </summary>
    public TransferCorpus<QuestionExample> ForTransfer() => new("TyDiQA", Train, [], Dev);

    /// <summary>
    /// Reads a folder's English training set and nine development sets, by the names that <c>data-scripts/tydiqa.cs</c> gives them, and
    /// XTREME: <c>tydiqa.goldp.en.train.json</c>, <c>tydiqa.goldp.ar.dev.json</c> ….
    /// </summary>
    /// <remarks>
    /// The kit's own script writes <c>about.json</c> beside the files, last of all; where it is there, the number of questions
    /// that it states must be what the files hold.
    /// </remarks>
    /// <param name="folder">The folder, such as <c>data/tydiqa/goldp</c>.</param>
    /// <exception cref="IntraDistillException">
    /// A file is missing or not as it should be: the message names file and question, and the command that gets the data set.
    /// </exception>
    public static TydiqaCorpus Load(string folder)
    {
        const string Remedy = "get it by 'dotnet run --file data-scripts/tydiqa.cs' in the kit's folder";
        if (!Directory.Exists(folder))
            throw new IntraDistillException($"{folder}: there is no such folder; {Remedy}");
        IReadOnlyList<QuestionExample> train = Read("en.train");
        var dev = Languages.ToDictionary(language => language, language => Read($"{language}.dev"));
        PreparedCounts.Check(Path.Combine(folder, "about.json"),
            dev.Select(part => ($"{part.Key}.dev", part.Value.Count)).Prepend(("en.train", train.Count)), "questions", Remedy);
        return new(train, dev);

        IReadOnlyList<QuestionExample> Read(string part)
        {
            string file = Path.Combine(folder, $"tydiqa.goldp.{part}.json");
            return File.Exists(file) ? SquadFile.Read(file) : throw new IntraDistillException($"{file}: there is no such file; {Remedy}");
        }
    }
}
