using System.Text.RegularExpressions;

namespace IntraDistill.Tasks;

/// <summary>A tagging task for zero-shot transfer whose labels come from the .NET SDK's messages and exist in all of its languages: what
/// kind of thing stands at each placeholder, and which words are code. A stand-in for named entities, and no more than that.</summary>
/// <remarks><para>
/// A placeholder's kind is what the <em>English</em> message calls it: in "the file '{0}' of project {1}" {0} is a file and {1} a
/// project, by the noun right before it or, failing that and in quotation marks, right after. Its number carries the kind to the
/// translations, where "die Datei "{0}"" says it in another word: nothing but the label's carrier is the same. A placeholder
/// without such a noun is no entity. Code is what stands in quotation marks in the English message and word for word in the
/// translation, such as a keyword or a type's name; quotation marks are taken out of all texts, since they would give it away. A
/// message whose marks are no pairs, as after a plural's apostrophe, is left out.
/// </para>
/// <para>
/// Tested are the same messages in all languages: those of which no translation lacks a placeholder or one of the quoted words.
/// Messages keep their part of the corpus (<see cref="SdkMessage.Split"/>), so no near-duplicate of a test message is in training.
/// </para></remarks>
public static class SdkEntities
{
    /// <summary>What the task is called.</summary>
    public const string Name = "SDK-Entities";

    // The kind of words of code, which no placeholder is.
    internal const string Code = "CODE";

    private const int LongestCode = 16, ShortestWithoutMarks = 4;

    private const string Opening = "‘“„«‹「『", Closing = "’”“»›」』";

    // What messages call things, by kind. Nouns that name several kinds, such as "reference" or "item", are not here, nor is
    // "framework", which is mostly a version.
    private static readonly (string Kind, string Nouns)[] s_kinds =
    [
        ("FILE", "file files filename path paths directory directories folder folders document documents"),
        ("TYPE", "type types class classes interface interfaces struct structs structure structures enum enums delegate delegates "
            + "record records namespace namespaces"),
        ("MEMBER", "method methods property properties field fields event events member members constructor constructors operator "
            + "operators function functions variable variables parameter parameters local locals symbol symbols"),
        ("PACKAGE", "package packages assembly assemblies project projects library libraries solution solutions module modules "
            + "manifest manifests template templates tool tools workload workloads"),
        ("VALUE", "value values version versions option options argument arguments attribute attributes switch switches string "
            + "strings constant constants command commands"),
    ];

    // "a type named '{0}'", "file name: {0}": the noun is the one before.
    private static readonly HashSet<string> s_transparent =
        new(["name", "names", "named", "called", ":", "("], StringComparer.OrdinalIgnoreCase);

    private static readonly Dictionary<string, string> s_kindOf = s_kinds
        .SelectMany(kind => kind.Nouns.Split(' ').Select(noun => (noun, kind.Kind)))
        .ToDictionary(pair => pair.noun, pair => pair.Kind, StringComparer.OrdinalIgnoreCase);

    /// <summary>The tags, IOB2: outside, and the first and other tokens of each kind.</summary>
    public static IReadOnlyList<string> Tags { get; } =
        ["O", .. s_kinds.Select(kind => kind.Kind).Append(Code).SelectMany(kind => new[] { $"B-{kind}", $"I-{kind}" })];

    /// <summary>Makes the task from a corpus.</summary>
    /// <exception cref="IntraDistillException">A part of the corpus has no message for it.</exception>
    public static TransferCorpus<TaggedSentence> Build(SdkCorpus corpus)
    {
        TaggedMessage[] tests = [.. Tagged(corpus, Split.Test, corpus.Languages)];
        return new TransferCorpus<TaggedSentence>(Name, English(Split.Train), English(Split.Valid), corpus.Languages.ToDictionary(
            language => language, language => NotEmpty([.. tests.Select(message => message.Texts[language])], Split.Test)));

        IReadOnlyList<TaggedSentence> English(Split split) =>
            NotEmpty([.. Tagged(corpus, split, ["en"]).Select(message => message.Texts["en"])], split);

        IReadOnlyList<TaggedSentence> NotEmpty(TaggedSentence[] sentences, Split split) => sentences.Length > 0 ? sentences
            : throw new IntraDistillException($"{Name}: the SDK {corpus.SdkVersion} in {corpus.Root} has no message for {split}");
    }

    /// <summary>The messages of a part that can be tagged in every one of the languages. Those that differ in quotation marks alone are
    /// one sentence, which stays in the first part that has it.</summary>
    internal static IEnumerable<TaggedMessage> Tagged(SdkCorpus corpus, Split split, IReadOnlyList<string> languages)
    {
        HashSet<string> seen = [];
        foreach (SdkMessage message in corpus.Messages.Where(message => message.Split <= split).OrderBy(message => message.Split))
        {
            bool isNew = Tag(message.English, message.English) is { } english && seen.Add(string.Join(' ', english.Tokens));
            if (!isNew || message.Split != split || !languages.All(message.Texts.ContainsKey))
                continue;
            var texts = languages.ToDictionary(language => language, language => Tag(message.English, message.Texts[language]));
            if (texts.Values.All(text => text is not null))
                yield return new TaggedMessage(message, texts!);
        }
    }

    /// <summary>Tags a text, in some language, by what its English message says: its tokens without quotation marks; null where there is
    /// nothing to tag, or the two do not match.</summary>
    internal static TaggedSentence? Tag(string english, string text)
    {
        string[] source = MessageTokens.Of(english), tokens = MessageTokens.Of(text);
        HashSet<string> placeholders = Placeholders(source);
        if (!placeholders.SetEquals(Placeholders(tokens)) || CodesOf(source) is not { } codes || codes.Count + placeholders.Count == 0)
            return null;

        Dictionary<string, string> kinds = KindsOf(source);
        string[] tags = [.. tokens.Select(token => kinds.TryGetValue(token, out string? kind) ? $"B-{kind}" : "O")];
        foreach (string[] code in codes)
        {
            int[] places = [.. Places(tokens, code)];
            if (places.Length == 0)
                return null;
            foreach (int at in places)
                for (int i = 0; i < code.Length; i++)
                    tags[at + i] = (i == 0 ? "B-" : "I-") + Code;
        }
        int[] kept = [.. Enumerable.Range(0, tokens.Length).Where(i => !MessageTokens.IsQuote(tokens[i]))];
        return new TaggedSentence([.. kept.Select(i => tokens[i])], [.. kept.Select(i => tags[i])]);
    }

    private static HashSet<string> Placeholders(string[] tokens) => [.. tokens.Where(MessageTokens.IsPlaceholder)];

    // The kind of each placeholder that the message names one for, and never two.
    private static Dictionary<string, string> KindsOf(string[] tokens) => Enumerable.Range(0, tokens.Length)
        .Where(i => MessageTokens.IsPlaceholder(tokens[i]))
        .Select(i => (Token: tokens[i], Kind: KindBefore(tokens, i) ?? KindAfter(tokens, i)))
        .Where(said => said.Kind is not null).Distinct().GroupBy(said => said.Token)
        .Where(kinds => kinds.Count() == 1).ToDictionary(kinds => kinds.Key, kinds => kinds.Single().Kind!);

    // The kind that the word before names, past quotation marks and what else may stand between; of what is joined to another
    // placeholder, that one's: "types '{0}' and '{1}'".
    private static string? KindBefore(string[] tokens, int at)
    {
        int i = at - 1;
        while (i >= 0 && (MessageTokens.IsQuote(tokens[i]) || s_transparent.Contains(tokens[i])))
            i--;
        if (i > 0 && tokens[i] is "and" or "or")
        {
            int joined = Array.FindLastIndex(tokens, i - 1, token => !MessageTokens.IsQuote(token));
            return joined > 0 && MessageTokens.IsPlaceholder(tokens[joined]) ? KindBefore(tokens, joined) : null;
        }
        return i >= 0 ? s_kindOf.GetValueOrDefault(tokens[i]) : null;
    }

    // The kind that the word after the quotation marks names. Without marks it is mostly a number ("takes {0} arguments"), and
    // the word may belong to what follows: "'{0}' version '{1}'", "the '{0}' type parameter".
    private static string? KindAfter(string[] tokens, int at)
    {
        int noun = SkipQuotes(at + 1), next = SkipQuotes(noun + 1);
        return noun == at + 1 || noun == tokens.Length
            || next < tokens.Length && (MessageTokens.IsPlaceholder(tokens[next]) || s_kindOf.ContainsKey(tokens[next]))
            ? null : s_kindOf.GetValueOrDefault(tokens[noun]);

        int SkipQuotes(int i)
        {
            while (i < tokens.Length && MessageTokens.IsQuote(tokens[i]))
                i++;
            return i;
        }
    }

    // What stands between quotation marks and is no placeholder alone: a few tokens with a letter among them. Null where a mark
    // lacks its partner.
    private static List<string[]>? CodesOf(string[] tokens)
    {
        List<string[]> codes = [];
        for (int open = 0; open < tokens.Length; open++)
        {
            if (!MessageTokens.IsQuote(tokens[open]))
                continue;
            int pair = Opening.IndexOf(tokens[open][0]);
            int close = Array.IndexOf(tokens, pair < 0 ? tokens[open] : Closing[pair].ToString(), open + 1);
            if (close < 0)
                return null;
            // Within may be marks of another style, which will be gone.
            string[] inside = [.. tokens[(open + 1)..close].SkipWhile(MessageTokens.IsQuote)];
            inside = inside[..(Array.FindLastIndex(inside, token => !MessageTokens.IsQuote(token)) + 1)];
            if (inside.Length is > 0 and <= LongestCode && inside.Any(token => char.IsLetter(token[0])))
                codes.Add(inside);
            open = close;
        }
        return codes;
    }

    // Where the code stands between quotation marks; if nowhere, where it stands without, as Czech mostly has it. A shorter piece
    // of code might be a word of the language.
    private static IEnumerable<int> Places(string[] tokens, string[] code)
    {
        int[] all = [.. Enumerable.Range(0, tokens.Length - code.Length + 1)
            .Where(at => tokens.AsSpan(at, code.Length).SequenceEqual(code))];
        int[] quoted = [.. all.Where(at => at > 0 && MessageTokens.IsQuote(tokens[at - 1])
            && at + code.Length < tokens.Length && MessageTokens.IsQuote(tokens[at + code.Length]))];
        return quoted.Length > 0 ? quoted : code.Sum(token => token.Length) >= ShortestWithoutMarks ? all : [];
    }
}

/// <summary>A message of the SDK with its tags in some of its languages (<see cref="SdkEntities"/>).</summary>
internal sealed record TaggedMessage(SdkMessage Message, IReadOnlyDictionary<string, TaggedSentence> Texts)
{
    /// <summary>Its placeholders, each once, in the order of the English text.</summary>
    public string[] Placeholders { get; } = [.. Texts["en"].Tokens.Where(MessageTokens.IsPlaceholder).Distinct()];

    /// <summary>The kinds of its placeholders, each once; what stands within code has none.</summary>
    public string[] Kinds { get; } = [.. Entities(Texts["en"]).Select(entity => entity.Kind).Distinct()];

    /// <summary>Whether exactly one placeholder is of a kind, however often it stands there.</summary>
    public bool HasOne(string kind) => Entities(Texts["en"]).Count(entity => entity.Kind == kind) == 1;

    private static IEnumerable<(string Placeholder, string Kind)> Entities(TaggedSentence sentence) => sentence.Tokens
        .Zip(sentence.Tags).Where(pair => MessageTokens.IsPlaceholder(pair.First)
            && pair.Second[0] == 'B' && pair.Second != $"B-{SdkEntities.Code}")
        .Select(pair => (pair.First, pair.Second[2..])).Distinct();
}

/// <summary>Cuts a message of any of the SDK's languages into tokens: words, placeholders and other characters.</summary>
internal static partial class MessageTokens
{
    private const string Quotes = "'\"`´‘’‚“”„«»‹›「」『』";

    /// <summary>The tokens in their order, white space left out. A token is a placeholder such as <c>{0}</c>; a word, which ends where
    /// the writing changes (Japanese has no spaces and Korean none around a foreign word's endings, but new words mostly begin where the
    /// script does); a single Han character; or any other character.</summary>
    public static string[] Of(string text) => [.. Token().Matches(text).Select(match => match.Value)];

    /// <summary>Whether the token is a quotation mark, as any of the languages writes it.</summary>
    public static bool IsQuote(string token) => token.Length == 1 && Quotes.Contains(token[0]);

    /// <summary>Whether the token is a placeholder such as <c>{0}</c> or <c>{1:N2}</c>.</summary>
    public static bool IsPlaceholder(string token) => token.Length > 2 && token[0] == '{' && char.IsAsciiDigit(token[1]);

    // An apostrophe between letters belongs to the word; a character beyond 16 bits is two surrogates.
    [GeneratedRegex(@"\{\d+[^{}]*\}|[\p{IsCJKUnifiedIdeographs}々]|\p{IsHiragana}+|\p{IsKatakana}+|\p{IsHangulSyllables}+"
        + @"|[\w-[\p{IsCJKUnifiedIdeographs}々\p{IsHiragana}\p{IsKatakana}\p{IsHangulSyllables}]]+"
        + @"(?:['’][\p{L}-[\p{IsCJKUnifiedIdeographs}\p{IsHiragana}\p{IsKatakana}\p{IsHangulSyllables}]]+)*|\p{Cs}{2}|\S")]
    private static partial Regex Token();
}
