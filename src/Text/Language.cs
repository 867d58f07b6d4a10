namespace IntraDistill.Tasks;

/// <summary>A language of the kit's data sets: the SDK corpus, PAN-X and TyDiQA.</summary>
/// <param name="Code">The code that the data sets use: <c>de</c>, <c>pt-BR</c>.</param>
/// <param name="Name">Its English name.</param>
/// <param name="Script">The script that the data sets have it in: <c>Latin</c>, <c>Han</c>.</param>
/// <param name="Family">Its family, the Indo-European ones by branch: <c>IE: Slavic</c>.</param>
public sealed record Language(string Code, string Name, string Script, string Family)
{
    /// <summary>All of them: script by script, Latin first, and by name within a script.</summary>
    public static IReadOnlyList<Language> All { get; } =
    [
        new("af", "Afrikaans", "Latin", "IE: Germanic"),
        new("az", "Azerbaijani", "Latin", "Turkic"),
        new("eu", "Basque", "Latin", "Basque"),
        new("cs", "Czech", "Latin", "IE: Slavic"),
        new("nl", "Dutch", "Latin", "IE: Germanic"),
        new("en", "English", "Latin", "IE: Germanic"),
        new("et", "Estonian", "Latin", "Uralic"),
        new("fi", "Finnish", "Latin", "Uralic"),
        new("fr", "French", "Latin", "IE: Romance"),
        new("de", "German", "Latin", "IE: Germanic"),
        new("hu", "Hungarian", "Latin", "Uralic"),
        new("id", "Indonesian", "Latin", "Austronesian"),
        new("it", "Italian", "Latin", "IE: Romance"),
        new("jv", "Javanese", "Latin", "Austronesian"),
        new("lt", "Lithuanian", "Latin", "IE: Baltic"),
        new("ms", "Malay", "Latin", "Austronesian"),
        new("pl", "Polish", "Latin", "IE: Slavic"),
        new("pt", "Portuguese", "Latin", "IE: Romance"),
        new("pt-BR", "Portuguese (Brazil)", "Latin", "IE: Romance"),
        new("qu", "Quechua", "Latin", "Quechuan"),
        new("ro", "Romanian", "Latin", "IE: Romance"),
        new("es", "Spanish", "Latin", "IE: Romance"),
        new("sw", "Swahili", "Latin", "Niger-Congo"),
        new("tl", "Tagalog", "Latin", "Austronesian"),
        new("tr", "Turkish", "Latin", "Turkic"),
        new("vi", "Vietnamese", "Latin", "Austro-Asiatic"),
        new("yo", "Yoruba", "Latin", "Niger-Congo"),
        new("bg", "Bulgarian", "Cyrillic", "IE: Slavic"),
        new("kk", "Kazakh", "Cyrillic", "Turkic"),
        new("ru", "Russian", "Cyrillic", "IE: Slavic"),
        new("uk", "Ukrainian", "Cyrillic", "IE: Slavic"),
        new("el", "Greek", "Greek", "IE: Greek"),
        new("ka", "Georgian", "Georgian", "Kartvelian"),
        new("ar", "Arabic", "Arabic", "Afro-Asiatic"),
        new("fa", "Persian", "Arabic", "IE: Iranian"),
        new("ur", "Urdu", "Arabic", "IE: Indo-Aryan"),
        new("he", "Hebrew", "Hebrew", "Afro-Asiatic"),
        new("hi", "Hindi", "Devanagari", "IE: Indo-Aryan"),
        new("mr", "Marathi", "Devanagari", "IE: Indo-Aryan"),
        new("bn", "Bengali", "Bengali", "IE: Indo-Aryan"),
        new("gu", "Gujarati", "Gujarati", "IE: Indo-Aryan"),
        new("pa", "Punjabi", "Gurmukhi", "IE: Indo-Aryan"),
        new("ml", "Malayalam", "Malayalam", "Dravidian"),
        new("ta", "Tamil", "Tamil", "Dravidian"),
        new("te", "Telugu", "Telugu", "Dravidian"),
        new("my", "Burmese", "Burmese", "Sino-Tibetan"),
        new("th", "Thai", "Thai", "Kra-Dai"),
        new("zh", "Chinese", "Han", "Sino-Tibetan"),
        new("zh-Hans", "Chinese (simplified)", "Han", "Sino-Tibetan"),
        new("zh-Hant", "Chinese (traditional)", "Han", "Sino-Tibetan"),
        new("ja", "Japanese", "Japanese", "Japonic"),
        new("ko", "Korean", "Hangul", "Koreanic"),
    ];

    private static readonly Dictionary<string, Language> s_byCode =
        All.ToDictionary(language => language.Code, StringComparer.OrdinalIgnoreCase);

    /// <summary>The language with a code such as <c>pt-BR</c>, in capital or small letters.</summary>
    /// <exception cref="IntraDistillException">It is none of <see cref="All"/>; the message names them.</exception>
    public static Language Find(string code) => s_byCode.TryGetValue(code, out Language? language)
        ? language
        : throw new IntraDistillException(
            $"language '{code}': expected one of {string.Join(", ", s_byCode.Keys.Order(StringComparer.Ordinal))}");
}
