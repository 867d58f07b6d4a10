namespace IntraDistill.Tasks;

/// <summary>TyDiQA-GoldP (Clark et al. 2020): questions that people asked in nine languages, each with the passage of Wikipedia that
/// answers it. For zero-shot transfer, as XTREME and the paper have it, English is trained on and all nine are scored.</summary>
/// <param name="Train">English.</param>
/// <param name="Dev">The development set of each language, by its code; test sets are not published.</param>
public sealed record TydiqaCorpus(
    IReadOnlyList<QuestionExample> Train, IReadOnlyDictionary<string, IReadOnlyList<QuestionExample>> Dev) : KitRecord
{
    /// <summary>The codes of the nine languages, in XTREME's order: English first.</summary>
    public static IReadOnlyList<string> Languages { get; } = ["en", "ar", "bn", "fi", "id", "ko", "ru", "sw", "te"];

    private static readonly string[] s_names =
        ["english", "arabic", "bengali", "finnish", "indonesian", "korean", "russian", "swahili", "telugu"];

    /// <summary>The English name of a language, as TyDiQA writes it: <c>swahili</c>.</summary>
    /// <exception cref="IntraDistillException">It is none of <see cref="Languages"/>.</exception>
    public static string NameOf(string language) => Languages.ToList().IndexOf(language) is >= 0 and int at ? s_names[at]
        : throw new IntraDistillException($"language '{language}': TyDiQA-GoldP has {string.Join(", ", Languages)}");

    /// <summary>The corpus as a task of zero-shot transfer. It has no part to choose a model by: the development sets are what is reported,
    /// and the authors test the weights that training ends with.</summary>
    public TransferCorpus<QuestionExample> ForTransfer() => new("TyDiQA", Train, [], Dev);

    /// <summary>Reads a folder's English training set and nine development sets, by the names that <c>data-scripts/tydiqa.cs</c> gives
    /// them, and XTREME: <c>tydiqa.goldp.en.train.json</c>, <c>tydiqa.goldp.ar.dev.json</c> ….</summary>
    /// <param name="folder">The folder, such as <c>data/tydiqa/goldp</c>.</param>
    /// <exception cref="IntraDistillException">A file is missing, not as it should be, or of another length than <c>about.json</c> states,
    /// if it is there: the message names file and question, and the command that gets the data set.</exception>
    public static TydiqaCorpus Load(string folder)
    {
        PreparedData data = new(folder, "get it by 'dotnet run --file data-scripts/tydiqa.cs' in the kit's folder");
        TydiqaCorpus corpus = new(Read("en.train"), Languages.ToDictionary(language => language, language => Read($"{language}.dev")));
        data.CheckCounts("questions");
        return corpus;

        IReadOnlyList<QuestionExample> Read(string part) => data.Read(part, $"tydiqa.goldp.{part}.json", SquadFile.Read);
    }
}
