using IntraDistill.Kernel;
using IntraDistill.Kernel.Notebook;

namespace IntraDistill.Tests.RunnerTests;

public sealed class ParametersTests : IDisposable
{
    private const string Declarations = """
        // parameters
        var preset = "Quick";        // Smoke, Quick or Paper
        int passes = 3; double alpha = 5, dropout = -0.1;
        long? seed = null;
        var languages = new[] { "de", "es" };
        bool verbose = false; float scale = 1f; object other = new();
        const int Fixed = 1;
        """;

    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData("preset=Smo\"ke=1", "preset = \"Smo\\\"ke=1\";")]
    [InlineData("passes=-4", "passes = -4;")]
    [InlineData("alpha=2", "alpha = 2d;")]
    [InlineData("dropout=1e-3", "dropout = 0.001d;")]
    [InlineData("seed=7", "seed = 7L;")]
    [InlineData("seed=null", "seed = null;")]
    [InlineData("languages=it, pl", "languages = new string[] { \"it\", \"pl\" };")]
    [InlineData("verbose=True", "verbose = true;")]
    [InlineData("scale=0.5", "scale = 0.5f;")]
    public void A_value_becomes_an_assignment_of_the_declared_type_in_a_cell_of_its_own(string assignment, string code)
    {
        NotebookDocument document = Load(Declarations, "preset");
        Apply(document, [assignment]);
        NotebookCell injected = document.CodeCells[1];
        Assert.True(injected.HasTag("injected-parameters"));
        Assert.Equal(code, injected.Source.Split('\n')[^1]);
        Assert.Equal(3, document.CodeCells.Count);
    }

    [Theory]
    [InlineData("passes=2.5", "-p passes=2.5: '2.5' is not a value for int passes = 3")]
    [InlineData("alpha=much", "-p alpha=much: 'much' is not a value for double alpha = 5")]
    [InlineData("alpha=Infinity", "-p alpha=Infinity: 'Infinity' is not a value for double alpha = 5")]
    [InlineData("verbose=1", "-p verbose=1: '1' is not a value for bool verbose = false")]
    [InlineData("other=1", "-p other=1: '1' is not a value for object other = new()")]
    [InlineData("preset", "-p preset: expected name=value")]
    [InlineData("Fixed=2", "-p Fixed=2: no parameter 'Fixed'; the notebook has string preset = \"Quick\", int passes = 3, ")]
    [InlineData("nope=2", "-p nope=2: no parameter 'nope'; the notebook has string preset = \"Quick\", int passes = 3, ")]
    public void What_does_not_fit_is_one_line_that_says_what_would(string assignment, string message)
    {
        var error = Assert.Throws<RunnerException>(() => Apply(Load(Declarations), [assignment]));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_notebook_without_parameters_has_none_to_override()
    {
        var error = Assert.Throws<RunnerException>(() => Apply(Load("var a = 1;"), ["a=2"]));
        Assert.Equal("-p a=2: the notebook has no cell tagged 'parameters'", error.Message);
    }

    [Fact]
    public void Overriding_again_replaces_the_earlier_override()
    {
        NotebookDocument document = Load(Declarations);
        Apply(document, ["passes=4"]);
        Apply(document, ["passes=5"]);
        Assert.Equal(2, document.CodeCells.Count);
        Assert.Contains("passes = 5;", document.CodeCells[1].Source, StringComparison.Ordinal);
    }

    private static void Apply(NotebookDocument document, string[] assignments) =>
        Parameters.Inject(document, ParameterGrid.Read(new Parameters(document), assignments, null).Sets.Single().Code!);

    private NotebookDocument Load(params string[] cells) => NotebookDocument.Load(TestNotebook.Write(_path, cells));
}
