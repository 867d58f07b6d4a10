using System.Xml.Linq;
using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Kernel.Html;

namespace IntraDistill.Tests.RunnerTests;

public sealed class MathMlTests
{
    [Theory]
    [InlineData("x^2", "<msup><mi>x</mi><mrow><mn>2</mn></mrow></msup>")]
    [InlineData(@"\theta_{i}'", "<msubsup><mi>θ</mi><mrow><mrow><mi>i</mi></mrow></mrow><mrow><mo>′</mo></mrow></msubsup>")]
    [InlineData(@"\frac12", "<mfrac><mn>1</mn><mn>2</mn></mfrac>")]
    [InlineData(@"\frac{1}{K}", "<mfrac><mrow><mn>1</mn></mrow><mrow><mi>K</mi></mrow></mfrac>")]
    [InlineData("a < 3.5", "<mi>a</mi><mo>&lt;</mo><mn>3.5</mn>")]
    [InlineData(@"\text{if } x", "<mtext>if\u00a0</mtext><mi>x</mi>")]
    [InlineData(@"\rightarrow", "<mo>→</mo>")]
    [InlineData(@"\left( x \right]", "<mrow><mo>(</mo><mi>x</mi><mo>]</mo></mrow>")]
    [InlineData("(x]", "<mo stretchy=\"false\">(</mo><mi>x</mi><mo stretchy=\"false\">]</mo>")]
    [InlineData(@"\|x\rangle", "<mo stretchy=\"false\">‖</mo><mi>x</mi><mo stretchy=\"false\">⟩</mo>")]
    [InlineData(@"\mathbb{R}\mathcal{L}", "<mi mathvariant=\"normal\">ℝ</mi><mi mathvariant=\"normal\">ℒ</mi>")]
    [InlineData(@"\unknown", "<mtext>\\unknown</mtext>")]
    public void A_formula_becomes_the_elements_that_draw_it(string latex, string content)
    {
        Assert.Equal($"<math display=\"inline\">{content}</math>", MathMl.Convert(latex, display: false));
    }

    [Fact]
    public void Limits_stand_below_and_above_in_a_formula_of_its_own_line_only()
    {
        Assert.Contains("<munderover>", MathMl.Convert(@"\sum_{i=1}^K", display: true), StringComparison.Ordinal);
        Assert.Contains("<msubsup>", MathMl.Convert(@"\sum_{i=1}^K", display: false), StringComparison.Ordinal);
    }

    [Fact]
    public void Cases_are_rows_and_cells()
    {
        string math = MathMl.Convert(@"\begin{cases} a & b \\ c & d \end{cases} e", display: true);
        Assert.Equal((2, 4), (math.Split("<mtr>").Length - 1, math.Split("<mtd").Length - 1));
        Assert.EndsWith("<mi>e</mi></math>", math, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_is_written_gives_well_formed_elements()
    {
        Gen<string> piece = Gen.Elements(
            "x", "12", "\\frac", "{", "}", "_", "^", "&", "\\\\", "\\left", "\\right", "(", ".", "\\begin{cases}", "\\end{cases}",
            "\\sqrt", "[", "]", "\\text", "'", "\\bar", "\\", "<", " ", "\\mathbb", "\\sum", "-", "\"");
        Prop.ForAll(piece.ArrayOf().Select(string.Concat).ToArbitrary(),
            latex => XElement.Parse(MathMl.Convert(latex, display: true)).Name == "math").QuickCheckThrowOnFailure();
    }
}
