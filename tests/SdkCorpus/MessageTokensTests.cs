using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public class MessageTokensTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("  the file '{0}'\tof project {1}. ", "the file ' {0} ' of project {1} .")]
    [InlineData("{0:N2}{1,5} {name} {} {x0}", "{0:N2} {1,5} { name } { } { x0 }")]
    [InlineData("file_name-2.0", "file_name - 2 . 0")]
    [InlineData("don't change the users' l’attribut d'un 'x'", "don't change the users ' l’attribut d'un ' x '")]
    [InlineData("l'{0}", "l ' {0}")]
    [InlineData("ファイル'{0}'が見つかりません。", "ファイル ' {0} ' が 見 つかりません 。")]
    [InlineData("のファイルパス", "の ファイルパス")]
    [InlineData("JSONを人々に", "JSON を 人 々 に")]
    [InlineData("JSON을(를) 사용", "JSON 을 ( 를 ) 사용")]
    [InlineData("找不到文件“{0}”", "找 不 到 文 件 “ {0} ”")]
    [InlineData("файл «{0}»", "файл « {0} »")]
    [InlineData("İçin naïve e\u0301", "İçin naïve e\u0301")]
    [InlineData("a😀b", "a 😀 b")]
    public void A_message_is_cut_where_words_and_scripts_end(string text, string tokens) =>
        Assert.Equal(tokens, string.Join(' ', MessageTokens.Of(text)));

    [Fact]
    public void Nothing_but_white_space_is_lost()
    {
        Gen<string> piece = Gen.OneOf(Gen.Elements("{0}", "{1:N2}", "{", "}", "'", "’", "л", "ー", "々", "한", "字", "😀", "\u3000"),
            ArbMap.Default.GeneratorFor<char>().Select(c => c.ToString()));
        Prop.ForAll(piece.ArrayOf().Select(string.Concat).ToArbitrary(), text =>
        {
            string[] tokens = MessageTokens.Of(text);
            Assert.Equal(Black(text), Black(string.Concat(tokens)));
            Assert.All(tokens, token => Assert.NotEqual("", Black(token)));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

        static string Black(string text) => string.Concat(text.Where(c => !char.IsWhiteSpace(c)));
    }

    [Theory]
    [InlineData("'", true, false)]
    [InlineData("„", true, false)]
    [InlineData("「", true, false)]
    [InlineData("''", false, false)]
    [InlineData("{0}", false, true)]
    [InlineData("{12:X}", false, true)]
    [InlineData("{x}", false, false)]
    [InlineData("{0", false, false)]
    [InlineData("{", false, false)]
    public void Quotation_marks_and_placeholders_are_known(string token, bool quote, bool placeholder) =>
        Assert.Equal((quote, placeholder), (MessageTokens.IsQuote(token), MessageTokens.IsPlaceholder(token)));
}
