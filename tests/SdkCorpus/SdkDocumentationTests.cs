using IntraDistill.Tasks;

namespace IntraDistill.Tests;

/// <summary>On the SDK of this machine, which whoever builds the kit has, and on made-up ones.</summary>
public sealed class SdkDocumentationTests : IDisposable
{
    private static readonly Lazy<SdkDocumentation> s_machine = new(() => SdkDocumentation.Load());

    private readonly string _folder = Directory.CreateTempSubdirectory("sdk-documentation").FullName;

    public SdkDocumentationTests() => Directory.CreateDirectory(Path.Combine(_folder, "sdk", "10.0.100"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_sdk_documents_its_members_in_prose()
    {
        MemberDocumentation trim = Assert.Single(s_machine.Value.Members,
            member => member is { Assembly: "System.Runtime", Member: "M:System.String.Trim(System.Char)" });
        Assert.Equal(["summary", "param", "returns"], trim.Texts.Select(text => text.Element));
        Assert.Equal("Removes all leading and trailing instances of a character from the current string.", trim.Texts[0].Text);
        Assert.Equal(("trimChar", "A Unicode character to remove."), (trim.Texts[1].Name, trim.Texts[1].Text));
        Assert.Contains("all instances of the trimChar character are removed", trim.Texts[2].Text);
        Assert.Contains(s_machine.Value.Members.SelectMany(member => member.Texts),
            text => text is { Element: "exception", Name: "ArgumentNullException" } && text.Text.EndsWith(" is null."));

        Assert.InRange(s_machine.Value.Members.Count, 50_000, 500_000);
        Assert.All(s_machine.Value.Members, member => Assert.NotEmpty(member.Texts));
    }

    [Fact]
    public void Pairs_are_a_summary_and_what_else_is_said_of_its_member()
    {
        IReadOnlyList<(string Summary, string? Others)> pairs = s_machine.Value.Pairs();
        (_, string? trim) = Assert.Single(pairs, pair =>
            pair.Summary == "Removes all leading and trailing instances of a character from the current string.");
        Assert.StartsWith("A Unicode character to remove. The string that remains", trim);
        Assert.Equal(pairs.Count, pairs.Distinct().Count());
        Assert.Contains(pairs, pair => pair.Others is null);
        Assert.InRange(pairs.Count(pair => pair.Others is not null), 20_000, s_machine.Value.Members.Count);
    }

    [Fact]
    public void Every_text_is_a_line_without_markup()
    {
        Assert.All(s_machine.Value.Members.SelectMany(member => member.Texts), text =>
        {
            Assert.NotEqual("", text.Text);
            Assert.Equal(text.Text.Trim(), text.Text);
            Assert.DoesNotContain('\n', text.Text);
            Assert.DoesNotContain("  ", text.Text);
            Assert.DoesNotContain("<see", text.Text);
            Assert.DoesNotContain("cref=", text.Text);
            Assert.NotEqual("code", text.Element);
        });
    }

    [Fact]
    public void An_assembly_is_read_once_and_in_the_same_order_every_time()
    {
        Assert.Equal(s_machine.Value.Members.Count,
            s_machine.Value.Members.Select(member => (member.Assembly, member.Member)).Distinct().Count());
        string[] assemblies = [.. s_machine.Value.Members.Select(member => member.Assembly).Distinct()];
        Assert.InRange(assemblies.Length, 150, 1000);
        SdkDocumentation again = SdkDocumentation.Load(new SdkCorpusSettings { DotnetRoot = MachineCorpus.Value.Root });
        Assert.Equal(s_machine.Value.Members.Select(member => member.Member), again.Members.Select(member => member.Member));
        Assert.Equal(s_machine.Value.Pairs(), again.Pairs());
    }

    [Theory]
    [InlineData("a <see cref=\"T:System.String\"/>.", "a String.")]
    [InlineData("a <see cref=\"T:System.String\"> string</see>", "a string")]
    [InlineData("before<see cref=\"T:System.String\"> </see>", "before String")]
    [InlineData("<see href=\"https://a.b\">words</see> or <a href=\"https://a.b\">words</a>", "words or words")]
    [InlineData("<see langword=\"null\" /> and <paramref name=\"x\"/>, <typeparamref name=\"T\"/>", "null and x, T")]
    [InlineData("<xref data-throw-if-not-resolved=\"true\" uid=\"System.Int32\"></xref>", "Int32")]
    [InlineData("the <c>Main</c> <b>and</b> only", "the Main and only")]
    [InlineData("one<para>two</para>three<br/>four<list type=\"bullet\"><item><term>five</term><description>six</description>"
        + "</item></list>", "one two three four five six")]
    [InlineData("before<code>int i = <see cref=\"T:System.Int32\"/>;</code>after", "before after")]
    [InlineData(" many\n\t  spaces\u00a0 here ", "many spaces here")]
    [InlineData("<![CDATA[a < b]]> &amp; c", "a < b & c")]
    [InlineData("<!-- no -->2<sup>32</sup>, log<sub>2</sub>(x)", "2^32, log2(x)")]
    [InlineData("see <see cref=\"M:A.B\"/> <see cref=\"M:A.C\"/>", "see B C")]
    public void Markup_becomes_prose(string markup, string prose)
    {
        Write("A", "1.0.0", "A", Member("T:A", $"<summary>{markup}</summary>"));
        Assert.Equal(new DocumentationText("summary", null, prose), Assert.Single(Assert.Single(Load().Members).Texts));
    }

    [Theory]
    [InlineData("T:System.String", "String")]
    [InlineData("System.Text.Encoding", "Encoding")]
    [InlineData("M:System.String.Trim(System.Char[])", "Trim")]
    [InlineData("M:System.String.#ctor(System.Char,System.Int32)", "String")]
    [InlineData("M:System.Collections.Generic.List`1.#ctor", "List")]
    [InlineData("T:System.Collections.Generic.List`1.Enumerator", "Enumerator")]
    [InlineData("M:System.Linq.Enumerable.ToDictionary``2(System.Collections.Generic.IEnumerable{``0})", "ToDictionary")]
    [InlineData("T:System.Collections.Generic.IEnumerable{System.Collections.Generic.List{System.Int32}}", "IEnumerable")]
    [InlineData("M:A.B{System.Int32}.C", "C")]
    [InlineData("M:A.List`1.System#Collections#IEnumerable#GetEnumerator", "GetEnumerator")]
    [InlineData("!:Missing", "Missing")]
    [InlineData("T:", "")]
    [InlineData("", "")]
    public void A_reference_is_its_last_name(string reference, string name) =>
        Assert.Equal(name, DocumentationFile.SimpleName(reference));

    [Fact]
    public void Members_have_their_elements_and_names()
    {
        Write("A", "1.0.0", "A", Member("M:A.B", "<summary>S.</summary><param name=\"x\">P.</param><inheritdoc/><remarks></remarks>"
            + "<code>C</code><exception cref=\"T:System.IO.IOException\">E.</exception>") + "<member name=\"M:A.C\"/>"
            + Member("M:A.D", "loose") + Member("M:A.E", "<value>V.</value>"));
        SdkDocumentation documentation = Load();
        Assert.Equal(["M:A.B", "M:A.E"], documentation.Members.Select(member => member.Member));
        Assert.Equal([new("summary", null, "S."), new("param", "x", "P."), new("exception", "IOException", "E.")],
            documentation.Members[0].Texts);
    }

    [Fact]
    public void Of_copies_and_versions_one_is_read_and_of_languages_English()
    {
        Write("A", "9.0.0", "Old", Member("T:Old", "<summary>Old.</summary>"));
        Write("A", "10.0.0", "Both", Member("T:Both", "<summary>First.</summary>"));
        Write("B", "10.0.1", "Both", Member("T:Both", "<summary>Second.</summary>"));
        Write("B", "10.0.1", "Alone", Member("T:Alone", "<summary>Alone.</summary>"));
        Write("B", "10.0.1", Path.Combine("de", "Alone"), Member("T:Alone", "<summary>Allein.</summary>"));
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "packs", "C", "1.0.0", "data")).FullName,
            "List.xml"), "no documentation");
        File.WriteAllText(Path.Combine(_folder, "packs", "B", "10.0.1", "ref", "Other.xml"),
            "<list><member name='T:A'><summary>Not one.</summary></member></list>");
        Assert.Equal(["Alone.", "First."], Load().Pairs().Select(pair => pair.Summary));
    }

    [Fact]
    public void A_damaged_file_is_refused_by_name_and_line()
    {
        string file = Write("A", "1.0.0", "A", Member("T:A", "<summary>\nA\n</summary>"));
        string whole = File.ReadAllText(file);
        File.WriteAllText(file, whole.Replace("</summary>", ""));
        Assert.StartsWith($"{file}:3: expected XML documentation: ", Refusal());
        File.WriteAllText(file, whole[..^10]);
        Assert.StartsWith($"{file}:3: expected XML documentation: ", Refusal());
        File.WriteAllBytes(file, [.. "<doc>\n"u8, 0xff, 0xfe, .. "</doc>"u8]);
        Assert.StartsWith($"{file}:2: expected XML documentation: ", Refusal());
        File.WriteAllText(file, "");
        Assert.StartsWith($"{file}:", Refusal());
    }

    [Fact]
    public void An_sdk_without_documentation_is_refused_by_name()
    {
        Assert.StartsWith($"the .NET SDK in {_folder} has no XML documentation", Refusal());
        Write("A", "1.0.0", "A", "");
        Assert.StartsWith($"the 1 XML files in the packs of the .NET SDK in {_folder} document no member", Refusal());
        Directory.Delete(Path.Combine(_folder, "sdk"), recursive: true);
        Assert.StartsWith($"no .NET SDK in {_folder}: set DOTNET_ROOT", Refusal());
    }

    private static string Member(string name, string content) => $"<member name=\"{name}\">{content}</member>";

    private string Write(string pack, string version, string name, string members)
    {
        string file = Path.Combine(_folder, "packs", pack, version, "ref", "net10.0", name + ".xml");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, $"<doc><assembly><name>{name}</name></assembly><members>{members}</members></doc>");
        return file;
    }

    private SdkDocumentation Load() => SdkDocumentation.Load(new SdkCorpusSettings { DotnetRoot = _folder });

    private string Refusal()
    {
        string message = Assert.Throws<IntraDistillException>(Load).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }
}
