using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public class LanguageListTests
{
    public static TheoryData<string> Codes =>
        [.. SdkCorpus.KnownLanguages.Concat(PanxCorpus.Languages).Concat(TydiqaCorpus.Languages).Distinct()];

    [Theory]
    [MemberData(nameof(Codes))]
    public void Every_language_of_the_data_sets_is_known_however_its_code_is_written(string code)
    {
        Language language = Language.Find(code);
        Assert.Equal(code, language.Code);
        Assert.Same(language, Language.Find(code.ToUpperInvariant()));
        Assert.DoesNotContain("", new[] { language.Name, language.Script, language.Family });
    }

    [Fact]
    public void There_is_no_language_twice_and_none_that_no_data_set_has()
    {
        Assert.Equal(Language.All.Count, Language.All.DistinctBy(language => language.Name).Count());
        Assert.Equal(Codes.Select(row => row.Data).Order(), Language.All.Select(language => language.Code).Order());
    }

    [Fact]
    public void They_stand_script_by_script_with_Latin_first_and_by_name_within()
    {
        Assert.Equal("Latin", Language.All[0].Script);
        string[] scripts = [.. Language.All.Select(language => language.Script)];
        int changes = scripts.Zip(scripts.Skip(1)).Count(pair => pair.First != pair.Second);
        Assert.Equal(scripts.Distinct().Count() - 1, changes);   // no script in two places
        Assert.All(Language.All.GroupBy(language => language.Script), group =>
            Assert.Equal(group.Select(language => language.Name).Order(StringComparer.Ordinal),
                group.Select(language => language.Name)));
    }

    [Theory]
    [InlineData("ru", "Russian", "Cyrillic", "IE: Slavic")]
    [InlineData("kk", "Kazakh", "Cyrillic", "Turkic")]
    [InlineData("pa", "Punjabi", "Gurmukhi", "IE: Indo-Aryan")]
    [InlineData("zh-hant", "Chinese (traditional)", "Han", "Sino-Tibetan")]
    public void A_language_has_its_name_script_and_family(string code, string name, string script, string family)
    {
        Language language = Language.Find(code);
        Assert.Equal((name, script, family), (language.Name, language.Script, language.Family));
    }

    [Fact]
    public void An_unknown_code_is_an_error_that_names_the_known_ones()
    {
        string message = Assert.Throws<IntraDistillException>(() => Language.Find("xx")).Message;
        Assert.Contains("'xx'", message);
        Assert.Contains("pt-BR", message);
        Assert.Contains("zh-Hant", message);
    }
}
