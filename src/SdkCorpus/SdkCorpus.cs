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

    /// <summary>The character 4-gram cosine in [0, 1] between its English text and the nearest one in <see cref="Split.Train"/>; 1 for a
    /// training message. It is below <see cref="NearDuplicates.Threshold"/> for every other.</summary>
    public double TrainingSimilarity { get; init; }
}

/// <summary>Where the SDK corpus is read from and which messages it keeps.</summary>
public sealed record SdkCorpusSettings
{
    /// <summary>The folder that holds the .NET SDK (the one with <c>sdk/</c> and <c>packs/</c> in it); null looks at the root of the
    /// running process's runtime, then <c>DOTNET_ROOT</c>, then the <c>dotnet</c> on the PATH.</summary>
    [ChangesNoResult("where the texts are read; what they are is for the data's fingerprint to say")]
    public string? DotnetRoot { get; init; }

    /// <summary>The most characters a text may have; a longer one in any language drops the message for all of them.</summary>
    public int MaxCharacters { get; init; } = 400;
}

/// <summary>The localized messages of the installed .NET SDK as a multi-way parallel corpus: 13 languages and English, aligned by
/// assembly, resource and key. It is read where it lies; nothing of it is copied.</summary>
/// <remarks>Every run of white space in a text becomes one space, and spaces at its ends are dropped: a message is one line. Messages are
/// ordered by assembly, resource and key; <see cref="Counts"/> says how many each filter dropped.</remarks>
public sealed class SdkCorpus
{
    /// <summary>The similarity below which a test message counts as hard: its nearest English training message has a smaller character
    /// 4-gram cosine.</summary>
    public const double HardThreshold = 0.4;

    /// <summary>The languages that the SDK is localized to, in ordinal order, and English.</summary>
    public static IReadOnlyList<string> KnownLanguages { get; } =
        ["cs", "de", "en", "es", "fr", "it", "ja", "ko", "pl", "pt-BR", "ru", "tr", "zh-Hans", "zh-Hant"];

    private SdkCorpus(string root, string sdkVersion, IReadOnlyList<SdkMessage> messages, SdkCorpusCounts counts)
    {
        (Root, SdkVersion, Messages, Counts) = (root, sdkVersion, messages, counts);
        Languages = [.. KnownLanguages.Where(language => messages.Any(message => message.Texts.ContainsKey(language)))];
    }

    /// <summary>The folder of the SDK that was read.</summary>
    public string Root { get; }

    /// <summary>Its version, to be stated beside any result: messages change between versions.</summary>
    public string SdkVersion { get; }

    /// <summary>The languages that this SDK has messages in, English among them.</summary>
    public IReadOnlyList<string> Languages { get; }

    /// <summary>The messages that passed the filters, no two with one English text.</summary>
    public IReadOnlyList<SdkMessage> Messages { get; }

    /// <summary>What was read and what each filter dropped.</summary>
    public SdkCorpusCounts Counts { get; }

    /// <summary>The SDK's folder and the files, by their paths below it, that this and <see cref="SdkDocumentation"/> read, for a machine
    /// that has no SDK: laid in the same places of a folder there, they are one, for them.</summary>
    /// <exception cref="IntraDistillException">There is no SDK, or it has no localized resources.</exception>
    public static (string Root, string[] Files) FilesRead(string? dotnetRoot = null)
    {
        (string root, _, IReadOnlyList<LocalizedAssembly> assemblies) = SdkFolder.Find(dotnetRoot);
        return (root, [.. assemblies.SelectMany(one => one.Satellites.Values.Append(one.Path))
            .Concat(SdkFolder.FindDocumentation(root).Files).Select(file => Path.GetRelativePath(root, file))]);
    }

    /// <summary>Reads the corpus; it takes a few seconds.</summary>
    /// <exception cref="IntraDistillException">There is no SDK, it has no localized resources, a file of it is damaged, or no message
    /// passes the filters.</exception>
    public static SdkCorpus Load(SdkCorpusSettings? settings = null)
    {
        settings ??= new SdkCorpusSettings();
        (string root, string version, IReadOnlyList<LocalizedAssembly> assemblies) = SdkFolder.Find(settings.DotnetRoot);
        IEnumerable<SdkMessage> read = ParallelMap.Of(assemblies.Count, i => Read(assemblies[i])).SelectMany(messages => messages);
        (List<SdkMessage> kept, SdkCorpusCounts counts) = Filter(read, settings.MaxCharacters);
        if (kept.Count == 0)
            throw new IntraDistillException(
                $"none of the {counts.Read} messages of the .NET SDK in {root} is left: {counts.WithoutLetters} without letters, "
                + $"{counts.Untranslated} untranslated, {counts.TooLong} longer than {settings.MaxCharacters} characters "
                + "(SdkCorpusSettings.MaxCharacters)");
        return new SdkCorpus(root, version, CorpusSplit.Assign(kept), counts);
    }

    /// <summary>The messages that have a text in both languages, of <see cref="Languages"/>, as translation pairs.</summary>
    /// <exception cref="IntraDistillException">A language is unknown, or source and target are the same.</exception>
    public ParallelCorpus Parallel(string source, string target)
    {
        (source, target) = (Known(source), Known(target));
        if (source == target)
            throw new IntraDistillException($"source and target language are both '{source}'; two different ones are needed");
        SdkMessage[] both =
            [.. Messages.Where(message => message.Texts.ContainsKey(source) && message.Texts.ContainsKey(target))];
        return new ParallelCorpus(
            $"SDK {source}-{target}",
            $"localized messages of the .NET SDK {SdkVersion}, split by clusters of English near-duplicates (4-gram cosine "
            + $"{NearDuplicates.Threshold}); hard: nearest training message below {HardThreshold}",
            Pairs(message => message.Split == Split.Train), Pairs(message => message.Split == Split.Valid),
            Pairs(message => message.Split == Split.Test),
            Pairs(message => message.Split == Split.Test && message.TrainingSimilarity < HardThreshold));

        SentencePair[] Pairs(Func<SdkMessage, bool> part) =>
            [.. both.Where(part).Select(message => new SentencePair(message.Texts[source], message.Texts[target], message.Id))];
    }

    private string Known(string language) =>
        Languages.FirstOrDefault(known => known.Equals(language, StringComparison.OrdinalIgnoreCase))
        ?? throw new IntraDistillException($"unknown language '{language}'; the SDK has {string.Join(", ", Languages)}");

    private static List<SdkMessage> Read(LocalizedAssembly assembly)
    {
        Dictionary<(string Resource, string Key), Dictionary<string, string>> texts = ResourceStrings.Read(assembly.Path, language: null)
            .ToDictionary(entry => entry.Key, entry => new Dictionary<string, string> { ["en"] = OneLine(entry.Value) });
        foreach ((string language, string path) in assembly.Satellites)
            foreach (((string, string) key, string text) in ResourceStrings.Read(path, language))
                if (OneLine(text) is { Length: > 0 } line && texts.TryGetValue(key, out Dictionary<string, string>? message))
                    message[language] = line;
        return [.. texts.Where(entry => entry.Value.Count > 1)
            .OrderBy(entry => entry.Key.Resource, StringComparer.Ordinal).ThenBy(entry => entry.Key.Key, StringComparer.Ordinal)
            .Select(entry => new SdkMessage(assembly.Name, entry.Key.Resource, entry.Key.Key, entry.Value))];
    }

    private static (List<SdkMessage> Kept, SdkCorpusCounts Counts) Filter(IEnumerable<SdkMessage> messages, int maxCharacters)
    {
        List<SdkMessage> kept = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        int read = 0, withoutLetters = 0, untranslated = 0, tooLong = 0, repeated = 0;
        foreach (SdkMessage message in messages)
        {
            read++;
            if (!message.English.Any(char.IsLetter))
                withoutLetters++;
            else if (message.Texts.Values.All(text => text == message.English))
                untranslated++;
            else if (message.Texts.Values.Any(text => text.Length > maxCharacters))
                tooLong++;
            else if (!seen.Add(message.English))
                repeated++;
            else
                kept.Add(message);
        }
        return (kept, new SdkCorpusCounts(read, withoutLetters, untranslated, tooLong, repeated, kept.Count));
    }

    internal static string OneLine(string text) =>
        string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}

/// <summary>How many messages the filters of <see cref="SdkCorpus"/> saw, in the order in which they apply.</summary>
/// <param name="Read">Messages with an English text and at least one translation.</param>
/// <param name="WithoutLetters">Dropped: no letter in the English text (or no text), such as "{0}: {1}".</param>
/// <param name="Untranslated">Dropped: the English text in every language, such as product names.</param>
/// <param name="TooLong">Dropped: longer than <see cref="SdkCorpusSettings.MaxCharacters"/> in some language.</param>
/// <param name="Repeated">Dropped: an earlier message has the same English text.</param>
/// <param name="Kept">What is left.</param>
public sealed record SdkCorpusCounts(int Read, int WithoutLetters, int Untranslated, int TooLong, int Repeated, int Kept);
