using System.Collections.Immutable;
using IntraDistill.Kernel.Engine;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Host.Mef;
using Microsoft.CodeAnalysis.Text;

namespace IntraDistill.Kernel.Language;

/// <summary>
/// The session's code as Roslyn's editor services want it: a chain of submission projects, each on top of the one
/// before it. The compilations of the engine cannot be put below a document, so they are made a second time; but the
/// references are the same objects, and with them the symbols of the assemblies, which are by far the most of it.
/// A recommender upon the engine's own compilations would save that and 14 MB of dlls, but would have to know by itself
/// where C# allows a keyword, a type or an override. Measured with the kit referenced: 10 MB of managed memory and 90 to
/// 110 MB resident (code, above all), 1.4 s for the first question, 20 to 200 ms for later ones.
/// </summary>
internal sealed class CellWorkspace(ScriptSession session) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Lazy<AdhocWorkspace> _workspace = new(() => new AdhocWorkspace(MefHostServices.DefaultHost));
    private Solution? _solution;
    private ProjectId? _last;
    private int _count;
    private int _references;

    /// <summary>Code as the cell after those that ran so far; it is not kept.</summary>
    public async Task<Document> OpenAsync(string code, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            await CatchUpAsync(cancellation);
            var id = DocumentId.CreateNewId(ProjectId.CreateNewId());
            return Append(id, code, session.References.All).GetDocument(id)!;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_workspace.IsValueCreated)
            _workspace.Value.Dispose();
        _gate.Dispose();
    }

    // Each compilation is made as soon as it can be, from the first to the last: Roslyn would else make that of the last
    // one by recursion, and a long session would need a deep stack.
    private async Task CatchUpAsync(CancellationToken cancellation)
    {
        // Roslyn offers types of namespaces that are not imported, as edits in two places, which Jupyter has no form for;
        // it finds them in the references of the code's own project. With an empty submission below, those are few.
        if (_last is null)
            await KeepAsync("");
        ImmutableArray<string> submissions = session.Submissions;
        for (; _count < submissions.Length; _count++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (Declares(submissions[_count]))
                await KeepAsync(submissions[_count]);
        }
    }

    // Cells that change nothing for later ones (a call, a chart) are most of a long session, and each link of the chain makes it
    // slower.
    private static bool Declares(string code)
    {
        CompilationUnitSyntax root = CSharpSyntaxTree.ParseText(code, Submission.ParseOptions).GetCompilationUnitRoot();
        return root.Usings.Count > 0 || root.GetLoadDirectives().Count > 0 || root.Members.Any(member =>
            member is not GlobalStatementSyntax || member.DescendantNodes().Any(node => node is SingleVariableDesignationSyntax));
    }

    private async Task KeepAsync(string code)
    {
        ImmutableArray<MetadataReference> references = session.References.All;
        var id = DocumentId.CreateNewId(ProjectId.CreateNewId());
        Solution next = Append(id, code, references);
        await next.GetProject(id.ProjectId)!.GetCompilationAsync(CancellationToken.None);
        (_solution, _last, _references) = (next, id.ProjectId, references.Length);
    }

    private Solution Append(DocumentId id, string code, ImmutableArray<MetadataReference> references)
    {
        // No resolver for #r: what is referenced so far is given, and looking at code must not add to it.
        var options = new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary,
            scriptClassName: $"Submission#{_count}",
            usings: Submission.Imports,
            allowUnsafe: true,
            sourceReferenceResolver: new SourceFileResolver(ImmutableArray<string>.Empty, session.Folder),
            assemblyIdentityComparer: DesktopAssemblyIdentityComparer.Default);
        string name = $"cell-{_count}";
        var project = ProjectInfo.Create(
            id.ProjectId, VersionStamp.Default, name, name, LanguageNames.CSharp,
            compilationOptions: options,
            parseOptions: Submission.ParseOptions,
            projectReferences: _last is null ? [] : [new ProjectReference(_last)],
            metadataReferences: references[_references..],   // those before are inherited, as in the engine
            isSubmission: true,
            hostObjectType: typeof(object));
        _solution ??= _workspace.Value.CurrentSolution;
        return _solution.AddProject(project).AddDocument(id, name, SourceText.From(code));
    }
}
