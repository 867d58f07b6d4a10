using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using IntraDistill.DataScripts.Iwslt14;

namespace IntraDistill.Tests.DataScriptsTests;

public sealed partial class MosesTests
{
    private static readonly string[] s_languages = ["en", "ar", "de", "es", "fa", "he", "it", "nl", "pl"];

    [GeneratedRegex(@"^<seg id=""[0-9]*"">\s*(.*?)\s*</seg>\s*$")]
    private static partial Regex Segment { get; }

    /// <summary>Texts of marks, letters, digits and spaces of many kinds, and of words with rules of their own.</summary>
    private static Gen<string> Texts { get; } = Gen.Elements(
        "aAbsS15٣²Ⅷʰ.,'`-,.'\"&|<>[]()!?:;%\\$€¿„“”’@/\t\u00a0\u0001\u200c\u0301\u05b8\u064eשל،؟中カ한🎉𝟗𝒜İß".EnumerateRunes()
            .Select(rune => rune.ToString()).Concat([" ", " ", " ", "..", "...", "Dr.", "No. ", "e.g.", "'s", "dell'", " 5"])
            .ToArray())
        .ListOf().Select(string.Concat);

    [Theory]
    [InlineData("de")]
    [InlineData("en")]
    public void Tokenized_and_lowered_the_iwslt14_test_set_equals_what_moses_made(string language)
    {
        string[] expected = File.ReadAllText(ReferenceData.Path($"data/iwslt14/tokenized/test.{language}")).Split('\n')[..^1];
        string[] raw = RawTestSet(language);
        Assert.Equal(6750, expected.Length);
        Assert.Equal(expected.Length, raw.Length);

        MosesTokenizer tokenizer = new(language);
        int[] differing = [.. Enumerable.Range(0, raw.Length).Where(i => Made(i) != expected[i])];
        string first = differing is [int line, ..]
            ? $"; the first, line {line + 1}:\nraw      {raw[line]}\nexpected {expected[line]}\nmade     {Made(line)}"
            : "";
        Assert.True(differing.Length == 0, $"{differing.Length} of {raw.Length} lines differ{first}");

        string Made(int i) => MosesLowercase.Lower(tokenizer.Tokenize(raw[i]));
    }

    // detokenizer.perl gives back as many of what tokenizer.perl made, and the same text in every line (at 34452895).
    [Theory]
    [InlineData("de", 5399)]
    [InlineData("en", 5501)]
    public void Detokenizing_restores_as_many_lines_of_the_iwslt14_test_set_as_moses_does(string language, int restored)
    {
        MosesTokenizer tokenizer = new(language);
        MosesDetokenizer detokenizer = new(language);
        string[] raw = RawTestSet(language);
        Assert.Equal(restored, raw.Count(text => detokenizer.Detokenize(tokenizer.Tokenize(text)) == text));
    }

    // Made with tokenizer.perl and detokenizer.perl (mosesdecoder 34452895, Perl 5.36).
    [Theory]
    [InlineData("en", "\"It's the 1990's,\" said Mr. Smith, \"isn't it?\"",
        "&quot; It &apos;s the 1990 &apos;s , &quot; said Mr. Smith , &quot; isn &apos;t it ? &quot;",
        "\"It's the 1990's,\" said Mr. Smith, \"isn't it?\"")]
    [InlineData("en", "See No. 5 of 5,300. No. Why, e.g. here... or there?",
        "See No. 5 of 5,300 . No . Why , e.g. here ... or there ?", "See No. 5 of 5,300. No. Why, e.g. here... or there?")]
    [InlineData("en", "He said 'yes.'", "He said &apos; yes . &apos; ", "He said 'yes.'")]
    [InlineData("en", "The Jones' house & 3|4 <b>[x]</b> costs $5, or ¿10%?",
        "The Jones &apos; house &amp; 3 &#124; 4 &lt; b &gt; &#91; x &#93; &lt; / b &gt; costs $ 5 , or ¿ 10 % ?",
        "The Jones' house & 3 | 4 < b > [x] < / b > costs $5, or ¿10%?")]
    [InlineData("en", "a 🎉 b𝒜c 5‑6 co-op, A,B,C and x ,y 5,",
        "a 🎉 b𝒜c 5 ‑ 6 co-op , A , B , C and x , y 5 ,", "a 🎉 b𝒜c 5 ‑ 6 co-op, A, B, C and x, y 5,")]
    [InlineData("ar", "قال د. أحمد: مَرحبًا، كيف؟ It's 5.",
        "قال د . أحمد : مَرحبًا ، كيف ؟ It &apos; s 5 .", "قال د. أحمد: مَرحبًا ، كيف ؟ It 's 5.")]
    [InlineData("de", "Das ist z.B. Dr. Müller, am 3. Oktober. Wie geht's? Gut.",
        "Das ist z.B. Dr. Müller , am 3. Oktober . Wie geht &apos; s ? Gut .",
        "Das ist z.B. Dr. Müller, am 3. Oktober. Wie geht 's? Gut.")]
    [InlineData("es", "¿Qué pasa, Sr. García? ¡Nada! La pág. 5, p.ej. aquí.",
        "¿ Qué pasa , Sr. García ? ¡ Nada ! La pág. 5 , p.ej. aquí .",
        "¿Qué pasa, Sr. García? ¡Nada! La pág. 5, p.ej. aquí.")]
    [InlineData("fa", "می\u200cروم به خانه، آقای Dr. رضا. کجا؟",
        "می \u200c روم به خانه ، آقای Dr. رضا . کجا ؟", "می \u200c روم به خانه ، آقای Dr. رضا. کجا ؟")]
    [InlineData("he", "שָׁלוֹם, זה ד\"ר כהן. צה\"ל ו'אמר' Mr. X.",
        "שָׁלוֹם , זה ד &quot; ר כהן . צה &quot; ל ו &apos; אמר &apos; Mr. X .",
        "שָׁלוֹם, זה ד \"ר כהן. צה\" ל ו 'אמר' Mr. X.")]
    [InlineData("it", "L'amico dell'ing. Rossi, all'art. 5: \"c'è un po' d'acqua.\"",
        "L&apos; amico dell&apos; ing . Rossi , all&apos; art . 5 : &quot; c&apos; è un po &apos; d&apos; acqua . &quot;",
        "L'amico dell'ing. Rossi, all'art. 5: \"c'è un po 'd'acqua.\"")]
    [InlineData("nl", "Dhr. Jansen, d.w.z. 's avonds a.u.b. nr. 5 en nr. Zes.",
        "Dhr . Jansen , d.w.z. &apos; s avonds a.u.b. nr. 5 en nr . Zes .",
        "Dhr. Jansen, d.w.z. 's avonds a.u.b. nr. 5 en nr. Zes.")]
    [InlineData("pl", "Prof. Nowak, tj. por. Kowalski, ur. w 1950 r. Nr 5, str. 7, str. Siedem.",
        "Prof. Nowak , tj. por. Kowalski , ur. w 1950 r . Nr 5 , str. 7 , str . Siedem .",
        "Prof. Nowak, tj. por. Kowalski, ur. w 1950 r. Nr 5, str. 7, str. Siedem.")]
    public void Every_language_has_its_rules(string language, string text, string tokens, string restored)
    {
        Assert.Equal(tokens, new MosesTokenizer(language).Tokenize(text));
        Assert.Equal(restored, new MosesDetokenizer(language).Detokenize(tokens));
    }

    // Made with detokenizer.perl likewise.
    [Theory]
    [InlineData("en", "he said \" it 's \" and ' no ' , the jones ' house ( $ 5 ) ... x @-@ y &amp;lt; 50 %",
        "he said \"it's\" and 'no', the jones' house ($5)... x-y &lt; 50%")]
    [InlineData("it", "l' amico c' è &quot; un po' d' acqua &quot; ¿ 漢 字 ok", "l'amico c'è \"un po'd'acqua\" ¿漢字 ok")]
    [InlineData("de", "&apos; s gibt &quot; &quot; , &quot; ! &quot; „ ja “ &#91; 5 &#93; &bar;",
        "'s gibt \"\", \"!\" „ja“ [5] |")]
    [InlineData("en", "<a tag , kept>", "<a tag , kept>")]
    public void Tokens_join_as_in_moses(string language, string tokens, string text) =>
        Assert.Equal(text, new MosesDetokenizer(language).Detokenize(tokens));

    [Fact]
    public void Tokenizing_loses_nothing_but_spaces_and_control_characters()
    {
        foreach (string language in s_languages)
        {
            MosesTokenizer tokenizer = new(language);
            Prop.ForAll(Texts.ToArbitrary(), text => Visible(Unescape(tokenizer.Tokenize(text))) == Visible(text))
                .QuickCheckThrowOnFailure();
        }
    }

    [Fact]
    public void Detokenizing_loses_nothing_but_spaces()
    {
        foreach (string language in s_languages)
        {
            (MosesTokenizer tokenizer, MosesDetokenizer detokenizer) = (new(language), new(language));
            Prop.ForAll(Texts.ToArbitrary(), text =>
                Visible(detokenizer.Detokenize(tokenizer.Tokenize(text))) == Visible(text)).QuickCheckThrowOnFailure();
        }
    }

    // Moses itself takes "a &amp; b" for escaped anew, and separates the second of two commas before a number in a second run.
    [Fact]
    public void Tokens_stay_as_they_are_but_for_escapes_and_double_commas()
    {
        Assert.Equal("a , ,5", new MosesTokenizer("en").Tokenize("a,,5"));
        foreach (string language in s_languages)
        {
            MosesTokenizer tokenizer = new(language);
            Gen<string> texts = Texts.Select(text => Regex.Replace(Regex.Replace(text, @"[&|<>'""[\]\x01]", ""), ",+", ","));
            Prop.ForAll(texts.ToArbitrary(), text => tokenizer.Tokenize(tokenizer.Tokenize(text)) == tokenizer.Tokenize(text))
                .QuickCheckThrowOnFailure();
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \t\u00a0")]
    public void Blank_lines_come_back(string text)
    {
        Assert.Equal(text, new MosesTokenizer("en").Tokenize(text));
        Assert.Equal(text, new MosesDetokenizer("en").Detokenize(text));
    }

    [Fact]
    public void Control_characters_alone_are_no_tokens() => Assert.Equal("", new MosesTokenizer("en").Tokenize(" \u0001\u001f"));

    [Theory]
    [InlineData("İstanbul ÄÖ ẞ ΟΔΟΣ ǅ Ⅷ Ⓐ", "i̇stanbul äö ß οδοσ ǆ ⅷ ⓐ")]
    [InlineData("𐐀 ПРИВЕТ I", "𐐨 привет i")]
    [InlineData("\ud800A", "\ud800a")]
    public void Lower_case_is_perls(string text, string lower) => Assert.Equal(lower, MosesLowercase.Lower(text));

    [Theory]
    [InlineData("fr")]
    [InlineData("EN")]
    [InlineData("")]
    public void A_language_without_rules_is_refused(string language)
    {
        Assert.Contains($"'{language}'", Assert.Throws<IntraDistillException>(() => new MosesTokenizer(language)).Message);
        Assert.Contains("en, ar, de", Assert.Throws<IntraDistillException>(() => new MosesDetokenizer(language)).Message);
    }

    /// <summary>The segments as fairseq's prepare-iwslt14.sh takes them out, in its order of files.</summary>
    private static string[] RawTestSet(string language) =>
    [
        .. new[] { "TED.dev2010", "TEDX.dev2012", "TED.tst2010", "TED.tst2011", "TED.tst2012" }
            .SelectMany(part => File.ReadLines(ReferenceData.Path($"data/iwslt14/raw/IWSLT14.{part}.de-en.{language}.xml")))
            .Select(line => Segment.Match(line)).Where(match => match.Success)
            .Select(match => match.Groups[1].Value.Replace('’', '\'')),
    ];

    private static string Unescape(string tokens) => tokens.Replace("&#124;", "|").Replace("&lt;", "<").Replace("&gt;", ">")
        .Replace("&apos;", "'").Replace("&quot;", "\"").Replace("&#91;", "[").Replace("&#93;", "]").Replace("&amp;", "&");

    private static string Visible(string text) => string.Concat(text.Where(c => !char.IsWhiteSpace(c) && c >= ' '));
}
