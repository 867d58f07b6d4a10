namespace IntraDistill.Tasks;

/// <summary>The part of a corpus that a sentence belongs to.</summary>
public enum Split
{
    /// <summary>For training.</summary>
    Train,

    /// <summary>For choosing checkpoints and settings.</summary>
    Valid,

    /// <summary>For the reported numbers.</summary>
    Test,
}

/// <summary>One message of the .NET SDK in all its languages.</summary>
/// <param name="Assembly">The assembly that it belongs to, without extension.</param>
/// <param name="Resource">The manifest resource of that assembly, without a language.</param>
/// <param name="Key">Its key in that resource.</param>
/// <param name="Texts">The text of each language that has one; always "en".</param>
public sealed record SdkMessage(string Assembly, string Resource, string Key, IReadOnlyDictionary<string, string> Texts) : KitRecord
{
    /// <summary>The English text.</summary>
    public string English => Texts["en"];

    /// <summary>Assembly, resource and key in one string: the same message has the same one in every language.</summary>
    public string Id => $"{Assembly}/{Resource}/{Key}";

    /// <summary>The part of the corpus that it belongs to, the same in every language.</summary>
    public Split Split { get; init; }

    /// <summary>
    /// The character 4-gram cosine in [0, 1] between its English text and the nearest one in <see cref="Split.Train"/>;
    /// 1 for a training message. It is below <see cref="NearDuplicates.Threshold"/> for every other.
    /// </summary>
    public double TrainingSimilarity { get; init; }
}
