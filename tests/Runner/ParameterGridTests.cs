using IntraDistill.Kernel;
using IntraDistill.Kernel.Notebook;

namespace IntraDistill.Tests.RunnerTests;

public sealed class ParameterGridTests : IDisposable
{
    private const string Declarations = """
        // parameters
        string source = "de"; int seed = 1; double alpha = 5; bool lower = true; double? limit = null;
        var languages = new[] { "de", "es" };
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("grid-").FullName;

    private string GridPath => Path.Combine(_folder, "grid.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("one set", false, "alpha=1 source=de,ar languages=it,pl", "alpha=1", "source=de,ar", "languages=it,pl")]
    [InlineData("numbers", true, "alpha=1|alpha=2|alpha=3e-1", "alpha=1, 2,3e-1")]
    [InlineData("booleans and what may be null", true,
        "lower=true limit=null|lower=true limit=2|lower=false limit=null|lower=false limit=2", "lower=true,false", "limit=null,2")]
    [InlineData("texts by repetition", true, "source=de seed=1|source=ar seed=1", "source=de", "seed=1", "source=ar")]
    [InlineData("equal ones once", true, "alpha=1|alpha=2", "alpha=1,2,1.0")]
    public void The_command_line_makes_sets(string what, bool isGrid, string sets, params string[] assignments)
    {
        ParameterGrid grid = Read(assignments);
        Assert.True(sets == string.Join('|', grid.Sets), what);
        Assert.Equal(isGrid, grid.IsGrid);
    }

    [Theory]
    [InlineData("[{\"source\": \"de\", \"alpha\": 1.50}, {\"limit\": null},\n {\"languages\": [\"a,b\", \"c\"]}]",
        "source = \"de\"; alpha = 1.5d;|limit = null;|languages = new string[] { \"a,b\", \"c\" };")]
    [InlineData("{\"source\": [\"de\", \"a,r\"], \"seed\": [1, 2]}",
        "source = \"de\"; seed = 1;|source = \"de\"; seed = 2;|source = \"a,r\"; seed = 1;|source = \"a,r\"; seed = 2;")]
    [InlineData("\uFEFF[{}]", "")]
    [InlineData("{\"languages\": [[\"a\"], []]}", "languages = new string[] { \"a\" };|languages = new string[] {  };")]
    public void A_file_makes_sets(string json, string code)
    {
        ParameterGrid grid = Read([], json);
        Assert.True(grid.IsGrid);
        Assert.Equal(code, string.Join('|', grid.Sets.Select(set => string.Join(' ', (set.Code ?? "").Split('\n').Skip(1)))));
    }

    [Fact]
    public void A_file_and_the_command_line_are_crossed() => Assert.Equal(
        ["seed=1 alpha=3", "seed=1 alpha=4", "seed=2 alpha=3", "seed=2 alpha=4"],
        Read(["alpha=3,4"], "{\"seed\": [1, 2]}").Sets.Select(set => set.ToString()));

    [Theory]
    [InlineData("{\"alpha\": [1,\n", 2, "not JSON")]
    [InlineData("", 1, "not JSON")]
    [InlineData("[{}] x", 1, "not JSON")]
    [InlineData("3", 1, "expected an array of objects (parameter sets) or an object of arrays (lists of values)")]
    [InlineData("[]", 1, "the list of parameter sets is empty")]
    [InlineData("{}", 1, "no parameter has a list of values")]
    [InlineData("{\n\"alpha\": [1],\n\"seed\": []}", 3, "the list of \"seed\" is empty")]
    [InlineData("{\"alpha\": 1}", 1, "\"alpha\" has no list; expected an array of values")]
    [InlineData("[\n{},\n3]", 3, "expected an object of names and values, a parameter set")]
    [InlineData("[{\"alpha\": 1,\n\"alpha\": 2}]", 2, "\"alpha\" comes twice")]
    [InlineData("[{\n\"nope\": 1}]", 2, "no parameter 'nope'; the notebook has string source = \"de\", int seed = 1, ")]
    [InlineData("[{\"seed\": 1},\n{\"seed\": 1.5}]", 2, "1.5 is not a value for int seed = 1")]
    [InlineData("[{\"seed\": \"1\"}]", 1, "\"1\" is not a value for int seed = 1")]
    [InlineData("[{\"source\": 1}]", 1, "1 is not a value for string source = \"de\"")]
    [InlineData("[{\"seed\": null}]", 1, "null is not a value for int seed = 1")]
    [InlineData("[{\"alpha\": [1]}]", 1, "[1] is not a value for double alpha = 5")]
    public void A_bad_file_is_one_line_with_its_name_and_line(string json, int line, string message)
    {
        var error = Assert.Throws<RunnerException>(() => Read([], json));
        Assert.StartsWith($"{GridPath}:{line}: {message}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void What_cannot_be_crossed_is_said()
    {
        static string Error(Action action) => Assert.Throws<RunnerException>(action).Message;
        Assert.Equal($"-p seed: {GridPath} sets 'seed' as well", Error(() => Read(["seed=3"], "[{\"seed\": 1}]")));
        Assert.Equal("-p alpha=1,,2: '' is not a value for double alpha = 5", Error(() => Read(["alpha=1,,2"])));
        string many = string.Join(',', Enumerable.Range(0, 400));
        Assert.Equal("-p: more than 100000 parameter sets", Error(() => Read([$"alpha={many}", $"seed={many}"])));
        Assert.StartsWith($"{_folder}/gone.json: cannot be read: ",
            Error(() => ParameterGrid.Read(new Parameters(Load()), [], $"{_folder}/gone.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void File_names_are_readable_and_differ_whatever_the_file_system_makes_of_case()
    {
        IReadOnlyList<string> names = Read(["source=de", "source=DE", "source=a/b", "source=a_b", "source=a:b",
            $"source={new string('x', 300)}", $"source={new string('x', 301)}"]).FileNames();
        Assert.Equal("source=de", names[0]);
        Assert.StartsWith("source=DE-", names[1], StringComparison.Ordinal);
        Assert.Equal("source=a_b", names[3]);
        Assert.Equal(7, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(names, name => Assert.Matches("^[-A-Za-z0-9=,._+]{1,120}$", name));
        Assert.Equal(["defaults"], Read([], "[{}]").FileNames());
    }

    private ParameterGrid Read(string[] assignments, string? json = null)
    {
        if (json is not null)
            File.WriteAllText(GridPath, json);
        return ParameterGrid.Read(new Parameters(Load()), assignments, json is null ? null : GridPath);
    }

    private NotebookDocument Load() => NotebookDocument.Load(TestNotebook.Write(Path.Combine(_folder, "n.ipynb"), Declarations));
}
