using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace IntraDistill.Tests;

/// <summary>
/// Which folder of <c>src</c> uses which, read from the sources by the compiler: the tree is by subject, and the path that a reader of
/// the paper walks (Method, Models/Transformer, Training) leads to no task, no data set and no notebook.
/// </summary>
public class ArchitectureTests
{
    private static readonly string s_source = Path.Combine(Repository.Root, "src");
    private static readonly Lazy<Dictionary<string, HashSet<string>>> s_uses = new(Read);

    [Fact]
    public void NoTwoFoldersNeedEachOther()
    {
        var circles = s_uses.Value.Keys.Where(folder => folder != "." && Reached(folder).Contains(folder)).ToArray();
        Assert.True(circles.Length == 0, "in a circle: " + string.Join("; ", circles.Select(folder =>
            $"{folder} → {string.Join(", ", s_uses.Value[folder].Where(other => Reached(other).Contains(folder)))}")));
    }

    [Theory]
    [InlineData("Method")]
    [InlineData("Models/Transformer")]
    [InlineData("Training")]
    public void ThePathOfThePaperKnowsNoTask(string folder)
    {
        string[] others = ["Method", "Models/Transformer", "Models/Weights", "Training", "Platform", "."];
        Assert.Empty(Reached(folder).Except(others));
    }

    [Theory]
    [InlineData("Statistics")]
    [InlineData("Text")]
    public void WhatAllTasksShareKnowsNoneOfThem(string folder) =>
        Assert.Empty(Reached(folder).Except(["Training", "Method", "Models/Weights", "Platform", "."]));

    [Fact]
    public void FilesOfTheRootAreForAllAndNeedNone() => Assert.Empty(s_uses.Value["."]);

    [Fact]
    public void ANamespaceIsOfTheMethodOrOfItsTasks()
    {
        string[] tasks = ["Translation", "Classification", "Tagging", "Questions", "Pretraining", "Text", "SdkCorpus"];
        foreach (SyntaxTree tree in Trees())
        {
            string name = tree.GetRoot(TestContext.Current.CancellationToken).DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>().Single().Name.ToString();
            Assert.Equal((tasks.Contains(Folder(tree)) ? "IntraDistill.Tasks" : "IntraDistill", tree.FilePath), (name, tree.FilePath));
        }
    }

    private static HashSet<string> Reached(string folder)
    {
        HashSet<string> found = [];
        Stack<string> left = new(s_uses.Value[folder]);
        while (left.TryPop(out string? next))
        {
            if (found.Add(next))
                s_uses.Value[next].ToList().ForEach(left.Push);
        }
        return found;
    }

    private static Dictionary<string, HashSet<string>> Read()
    {
        SyntaxTree[] trees = Trees();
        string loaded = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        var compilation = CSharpCompilation.Create("sources", trees, loaded.Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) != "IntraDistill.Kit.dll").Select(path => MetadataReference.CreateFromFile(path)),
            new(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
        Dictionary<string, HashSet<string>> uses = trees.Select(Folder).Distinct().ToDictionary(folder => folder, _ => new HashSet<string>());
        foreach (SyntaxTree tree in trees)
        {
            SemanticModel model = compilation.GetSemanticModel(tree);
            foreach (SimpleNameSyntax name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
            {
                ISymbol? symbol = model.GetSymbolInfo(name).Symbol;
                foreach (SyntaxReference declared in (symbol as INamedTypeSymbol ?? symbol?.ContainingType)?.DeclaringSyntaxReferences ?? [])
                    uses[Folder(tree)].Add(Folder(declared.SyntaxTree));
            }
            uses[Folder(tree)].Remove(Folder(tree));
        }
        foreach (HashSet<string> of in uses.Where(pair => pair.Key != ".").Select(pair => pair.Value))
            of.Remove(".");
        Assert.Contains("Method", uses["Training"]);      // the names were resolved
        return uses;
    }

    private static SyntaxTree[] Trees() => [.. Directory.GetFiles(s_source, "*.cs", SearchOption.AllDirectories)
        .Select(path => CSharpSyntaxTree.ParseText(Usings + File.ReadAllText(path), path: path))];

    // What ImplicitUsings add.
    private const string Usings = "using System; using System.Collections.Generic; using System.IO; using System.Linq; "
        + "using System.Threading; using System.Threading.Tasks;\n";

    private static string Folder(SyntaxTree tree) => Path.GetRelativePath(s_source, Path.GetDirectoryName(tree.FilePath)!).Replace('\\', '/');
}
