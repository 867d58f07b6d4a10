using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public sealed class SdkEntitiesTests
{
    private static readonly Lazy<TransferCorpus<TaggedSentence>> s_task = new(() => SdkEntities.Build(MachineCorpus.Value));

    private static TransferCorpus<TaggedSentence> Task => s_task.Value;

    private static IEnumerable<TaggedSentence> All => [.. Task.Train, .. Task.Dev, .. Task.Test.Values.SelectMany(part => part)];

    [Theory]
    [InlineData("The file '{0}' of project {1} is gone", "The file {0}/B-FILE of project {1}/B-PACKAGE is gone")]
    [InlineData("The '{0}' attribute is unknown", "The {0}/B-VALUE attribute is unknown")]
    [InlineData("FILE: \"{0}\"", "FILE : {0}/B-FILE")]
    [InlineData("A type named '{0}', a method called {1}", "A type named {0}/B-TYPE , a method called {1}/B-MEMBER")]
    [InlineData("The package name ({0})", "The package name ( {0}/B-PACKAGE )")]
    [InlineData("Types '{0}' and '{1}', {2}", "Types {0}/B-TYPE and {1}/B-TYPE , {2}")]
    [InlineData("Type {0} or {1} and the {2}", "Type {0}/B-TYPE or {1}/B-TYPE and the {2}")]
    [InlineData("'{0}' and '{1}'; type and {2}", "{0} and {1} ; type and {2}")]
    [InlineData("version {0:N2}", "version {0:N2}/B-VALUE")]
    [InlineData("The file '{0}' attribute", "The file {0}/B-FILE attribute")] // before goes before after
    [InlineData("Method '{0}' hides '{0}'", "Method {0}/B-MEMBER hides {0}/B-MEMBER")]
    [InlineData("The type '{0}' has a member '{0}'", "The type {0} has a member {0}")] // called two kinds
    [InlineData("No such file. {0}", "No such file . {0}")]
    [InlineData("The named '{0}' is called", "The named {0} is called")] // on the right nothing but marks is passed over
    [InlineData("It takes {0} arguments", "It takes {0} arguments")] // a number
    [InlineData("Use '{0}' version '{1}'", "Use {0} version {1}/B-VALUE")]
    [InlineData("The '{0}' type parameter", "The {0} type parameter")]
    [InlineData("'{0}' failed", "{0} failed")]
    [InlineData("{0}", "{0}")]
    public void A_placeholder_is_what_the_noun_beside_it_says(string english, string tagged) =>
        Assert.Equal(tagged, Show(SdkEntities.Tag(english, english)));

    [Theory]
    [InlineData("Use 'await' here", "Use await/B-CODE here")]
    [InlineData("Use 'Task.Run' (not '{0}')", "Use Task/B-CODE ./I-CODE Run/I-CODE ( not {0} )")]
    [InlineData("The 'field' keyword, not a field", "The field/B-CODE keyword , not a field")]
    [InlineData("Set 'Overwrite=\"true\"' now", "Set Overwrite/B-CODE =/I-CODE true/I-CODE now")]
    [InlineData("Set '\"on\"' or `off` or ‘no’", "Set on/B-CODE or off/B-CODE or no/B-CODE")]
    [InlineData("Run 'dotnet {0}' in project {0}", "Run dotnet/B-CODE {0}/I-CODE in project {0}/B-PACKAGE")]
    [InlineData("Too long: 'a b c d e f g h i j k l m n o p q', {0}", "Too long : a b c d e f g h i j k l m n o p q , {0}")]
    [InlineData("'+' and '3' for {0}", "+ and 3 for {0}")] // no letter
    public void What_stands_in_quotation_marks_is_code(string english, string tagged) =>
        Assert.Equal(tagged, Show(SdkEntities.Tag(english, english)));

    [Theory]
    [InlineData("Die Datei \"{0}\" des Projekts {1}", "Die Datei {0}/B-FILE des Projekts {1}/B-PACKAGE")]
    [InlineData("Projekt {1}: soubor {0}, {0}", "Projekt {1}/B-PACKAGE : soubor {0}/B-FILE , {0}/B-FILE")]
    [InlineData("Le fichier de l'élément «{0}» d'{1}", "Le fichier de l'élément {0}/B-FILE d {1}/B-PACKAGE")]
    [InlineData("プロジェクト{1}のファイル'{0}'", "プロジェクト {1}/B-PACKAGE の ファイル {0}/B-FILE")]
    [InlineData("프로젝트 {1}의 파일 '{0}'", "프로젝트 {1}/B-PACKAGE 의 파일 {0}/B-FILE")]
    [InlineData("项目{1}的文件“{0}”", "项 目 {1}/B-PACKAGE 的 文 件 {0}/B-FILE")]
    [InlineData("Die Datei \"{0}\"", null)]
    [InlineData("Die Datei \"{0}\" in {1} und {2}", null)]
    public void Its_number_carries_a_kind_to_the_translation(string text, string? tagged) =>
        Assert.Equal(tagged, Show(SdkEntities.Tag("The file '{0}' of project {1}", text)));

    [Theory]
    [InlineData("„async“ ist kein async", "async/B-CODE ist kein async")] // where it is marked once it is no code without
    [InlineData("« async »", "async/B-CODE")]
    [InlineData("`async`", "async/B-CODE")]
    [InlineData("‘async’", "async/B-CODE")]
    [InlineData("´async´", "async/B-CODE")]
    [InlineData("‹async›", "async/B-CODE")]
    [InlineData("「async」を使用", "async/B-CODE を 使 用")]
    [InlineData("『async』", "async/B-CODE")]
    [InlineData("L'attribut ”async” n'est pas", "L'attribut async/B-CODE n'est pas")]
    [InlineData("asyncを使用", "async/B-CODE を 使 用")]
    [InlineData("async을(를)", "async/B-CODE 을 ( 를 )")]
    [InlineData("async a async", "async/B-CODE a async/B-CODE")]
    [InlineData("Asynchron", null)]
    [InlineData("'Async'", null)]
    public void Code_is_found_in_the_translation_word_for_word(string text, string? tagged) =>
        Assert.Equal(tagged, Show(SdkEntities.Tag("Use 'async'", text)));

    [Theory]
    [InlineData("Use 'in'", "Utilisez 'in'", "Utilisez in/B-CODE")]
    [InlineData("Use 'in'", "in verwenden", null)] // might be German
    [InlineData("Use '- in'", "- in verwenden", null)]
    [InlineData("Use 'in x'", "in x verwenden", null)]
    [InlineData("Use 'null'", "null verwenden", "null/B-CODE verwenden")]
    [InlineData("Use 'a.b.c'", "a.b.c verwenden", "a/B-CODE ./I-CODE b/I-CODE ./I-CODE c/I-CODE verwenden")]
    [InlineData("Nothing here", "Nichts", null)]
    [InlineData("", "", null)]
    [InlineData("The files' sizes and file '{0}'", "Die Datei '{0}'", null)] // marks that are no pairs
    [InlineData("With `x' or 'y'", "Mit 'x' oder 'y'", null)]
    public void Some_messages_are_left_out(string english, string text, string? tagged) =>
        Assert.Equal(tagged, Show(SdkEntities.Tag(english, text)));

    [Fact]
    public void The_tags_are_those_of_six_kinds()
    {
        Assert.Equal(13, SdkEntities.Tags.Distinct().Count());
        Assert.Equal(["O", "B-FILE", "I-FILE", "B-TYPE"], SdkEntities.Tags.Take(4));
        // All that may begin an entity do, in training and in the test.
        foreach (IReadOnlyList<TaggedSentence> part in new[] { Task.Train, Task.Test["en"] })
            Assert.Subset(part.SelectMany(sentence => sentence.Tags).ToHashSet(),
                SdkEntities.Tags.Where(tag => tag[0] == 'B').ToHashSet());
    }

    [Fact]
    public void Every_sentence_is_well_formed_and_has_no_quotation_mark()
    {
        foreach (TaggedSentence sentence in All)
        {
            Assert.Equal(sentence.Tokens.Count, sentence.Tags.Count);
            Assert.NotEmpty(sentence.Tokens);
            Assert.DoesNotContain(sentence.Tokens, MessageTokens.IsQuote);
            Assert.Subset(SdkEntities.Tags.ToHashSet(), sentence.Tags.ToHashSet());
            for (int i = 0; i < sentence.Tags.Count; i++)
                Assert.True(sentence.Tags[i][0] != 'I' || i > 0 && sentence.Tags[i - 1] != "O"
                    && sentence.Tags[i - 1][2..] == sentence.Tags[i][2..], Show(sentence));
        }
    }

    [Fact]
    public void The_same_messages_have_the_same_entities_in_all_languages()
    {
        Assert.Equal(SdkCorpus.KnownLanguages, Task.Test.Keys);
        IReadOnlyList<TaggedSentence> english = Task.Test["en"];
        foreach ((string language, IReadOnlyList<TaggedSentence> sentences) in Task.Test)
        {
            Assert.Equal(english.Count, sentences.Count);
            for (int i = 0; i < sentences.Count; i++)
            {
                Assert.True(Kinds(english[i]).SetEquals(Kinds(sentences[i])), $"{language}: {Show(sentences[i])}");
                Assert.True(Codes(english[i]).SetEquals(Codes(sentences[i])), $"{language}: {Show(sentences[i])}");
            }
        }

        static HashSet<string> Kinds(TaggedSentence sentence) =>
            [.. sentence.Tokens.Zip(sentence.Tags, (token, tag) => $"{token} {tag}").Where(pair => !pair.EndsWith("CODE"))
                .Where(pair => MessageTokens.IsPlaceholder(pair.Split(' ')[0]))];

        static HashSet<string> Codes(TaggedSentence sentence) => [.. EntitySpan.Of(sentence.Tags)
            .Where(span => span.Type == "CODE").Select(span => string.Join(' ', sentence.Tokens.Take(span.End).Skip(span.Start)))];
    }

    [Fact]
    public void No_text_is_in_two_parts_and_there_are_enough()
    {
        string[][] parts = [.. new[] { Task.Train, Task.Dev, Task.Test["en"] }
            .Select(part => part.Select(sentence => string.Join(' ', sentence.Tokens)).ToArray())];
        // Messages that differ in quotation marks alone are there once.
        Assert.All(parts, part => Assert.Equal(part.Length, part.Distinct().Count()));
        Assert.Empty(parts[0].Intersect(parts[1]));
        Assert.Empty(parts[0].Intersect(parts[2]));
        Assert.Empty(parts[1].Intersect(parts[2]));
        Assert.InRange(parts[0].Length, 5_000, 10_000);
        Assert.InRange(parts[1].Length, 300, 1_000);
        Assert.InRange(parts[2].Length, 400, 1_500);
        Assert.Equal(Task.Fingerprint, SdkEntities.Build(MachineCorpus.Value).Fingerprint);
    }

    [Fact]
    public void Surface_patterns_do_not_carry_over()
    {
        Dictionary<string, double> scores = Task.Test.ToDictionary(part => part.Key, part => EntityF1.Of(
            TransferBaselines.SameNeighbours(Task.Train, part.Value), [.. part.Value.Select(one => one.Tags)]).Overall.F1);
        Assert.InRange(scores["en"], 60, 95);
        Assert.InRange(scores.Where(score => score.Key != "en").Average(score => score.Value), 5, 40);
    }

    // Tokens, with the tags that are not O.
    private static string? Show(TaggedSentence? sentence) => sentence is null ? null
        : string.Join(' ', sentence.Tokens.Zip(sentence.Tags, (token, tag) => tag == "O" ? token : $"{token}/{tag}"));
}
