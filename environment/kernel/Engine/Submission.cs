using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.Loader;
using System.Text;
using IntraDistill.Kernel.Guards;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Emit;

namespace IntraDistill.Kernel.Engine;

/// <summary>
/// One piece of C# script, compiled on top of those before it. Compiled with Roslyn's script compilations directly, not
/// through CSharpScript, which would load every reference into a load context of its own: then the formatters
/// registered by the kit and those seen by the runner would not be the same.
/// </summary>
internal sealed class Submission
{
    private const string AssemblyPrefix = "cell-";

    /// <summary>What .NET Interactive imports into every cell; the last is a class.</summary>
    public static IReadOnlyList<string> Imports { get; } =
    [
        "System", "System.Text", "System.Collections", "System.Collections.Generic", "System.Threading.Tasks", "System.Linq",
        typeof(Cells.CellFunctions).FullName!,
    ];

    /// <summary>Cells are C# script.</summary>
    public static CSharpParseOptions ParseOptions { get; } = new(LanguageVersion.Latest, kind: SourceCodeKind.Script);

    private static int s_count;

    private readonly CSharpCompilation _compilation;
    private readonly int _references;

    private Submission(CSharpCompilation compilation, int references, bool hasValue)
    {
        _compilation = compilation;
        _references = references;
        HasValue = hasValue;
    }

    /// <summary>Whether the code ends in an expression, or returns a value, that is to be shown.</summary>
    public bool HasValue { get; }

    /// <summary>Whether an assembly holds compiled cell code.</summary>
    public static bool IsCell(Assembly assembly) => assembly.GetName().Name!.StartsWith(AssemblyPrefix, StringComparison.Ordinal);

    /// <summary>Compiles code.</summary>
    /// <param name="code">C# script.</param>
    /// <param name="origin">The name to report lines under, such as <c>cell 3</c>.</param>
    /// <param name="folder">Where <c>#load</c> looks for files.</param>
    /// <param name="references">Extended by the code's <c>#r</c>.</param>
    /// <param name="previous">What the code can see, or null.</param>
    /// <param name="cancellation">Stops the compilation.</param>
    /// <param name="errors">Why there is none; empty when there is.</param>
    /// <exception cref="DirectiveException">A <c>#r</c> cannot be followed.</exception>
    /// <exception cref="RunnerException">The code would end the compiler, and the process with it.</exception>
    public static Submission? Compile(
        string code, string origin, string folder, ReferenceSet references, Submission? previous,
        CancellationToken cancellation, out IReadOnlyList<Diagnostic> errors)
    {
        if (Nesting.IsTooDeep(code))
            throw new RunnerException(
                $"{origin}: brackets nest deeper than {Nesting.Deepest}, which the C# compiler does not survive");
        int number = Interlocked.Increment(ref s_count);
        SyntaxTree tree = CSharpSyntaxTree.ParseText(code, ParseOptions, origin, Encoding.UTF8, cancellation);
        var options = new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary,
            scriptClassName: $"Submission#{number}",
            usings: Imports,
            optimizationLevel: OptimizationLevel.Release,
            allowUnsafe: true,
            sourceReferenceResolver: new SourceFileResolver(ImmutableArray<string>.Empty, folder),
            metadataReferenceResolver: references,
            assemblyIdentityComparer: DesktopAssemblyIdentityComparer.Default);
        CSharpCompilation compilation;
        ImmutableArray<MetadataReference> all;
        do
        {
            all = references.All;
            // Those of the previous submissions are inherited. Given again, they would add up: Roslyn keeps doubles, and
            // six hundred cells would hold more than a gigabyte.
            compilation = CSharpCompilation.CreateScriptCompilation(
                $"{AssemblyPrefix}{number}", tree, all[(previous?._references ?? 0)..], options, previous?._compilation,
                typeof(object));
            _ = compilation.DirectiveReferences;   // resolves each #r, of #load'ed files too
        }
        while (references.TakeNew());

        ImmutableArray<Diagnostic> diagnostics = compilation.GetDiagnostics(cancellation);
        if (references.TakeError() is { } error)
            throw new DirectiveException(error.Message, LineOfReference(tree, error.Message));
        errors = [.. diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
            .OrderBy(diagnostic => diagnostic.Location.SourceSpan.Start)];
        if (errors.Count > 0)
            return null;
        (compilation, tree) = ExitRewriter.Apply(compilation, tree);
        return new Submission(compilation, all.Length, EndsInValue(compilation, tree));
    }

    /// <summary>Runs the code.</summary>
    /// <param name="instances">The variables of all submissions so far; the run adds its own.</param>
    /// <param name="cancellation">Stops the emission; the code itself is not stopped by it.</param>
    /// <returns>The value of the last expression.</returns>
    public async Task<object?> RunAsync(object?[] instances, CancellationToken cancellation)
    {
        if (_compilation.GetEntryPoint(cancellation) is not { } entry)
            return null;
        using var image = new MemoryStream();
        using var symbols = new MemoryStream();
        EmitResult result = _compilation.Emit(
            image, symbols, options: new EmitOptions(debugInformationFormat: DebugInformationFormat.PortablePdb),
            cancellationToken: cancellation);
        if (!result.Success)
            return null;   // nothing but usings: there is no code to emit
        image.Position = symbols.Position = 0;
        Assembly assembly = AssemblyLoadContext.Default.LoadFromStream(image, symbols);
        var run = assembly.GetType(entry.ContainingType.MetadataName, throwOnError: true)!
            .GetMethod(entry.MetadataName, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!
            .CreateDelegate<Func<object?[], Task<object?>>>();
        return await run(instances);
    }

    private static bool EndsInValue(CSharpCompilation compilation, SyntaxTree tree) =>
        tree.GetCompilationUnitRoot().Members.OfType<GlobalStatementSyntax>().SelectMany(statement => statement.DescendantNodes(
            node => node is not (LocalFunctionStatementSyntax or AnonymousFunctionExpressionSyntax)))
            .Any(node => node is ReturnStatementSyntax { Expression: not null })
        || tree.GetCompilationUnitRoot().Members.LastOrDefault() is
            GlobalStatementSyntax { Statement: ExpressionStatementSyntax { SemicolonToken.IsMissing: true } last }
        && compilation.GetSemanticModel(tree).GetTypeInfo(last.Expression).Type is not { SpecialType: SpecialType.System_Void };

    // The message quotes the reference: #r "…": …
    private static int LineOfReference(SyntaxTree tree, string message) =>
        tree.GetCompilationUnitRoot().GetReferenceDirectives()
            .Where(directive => message.StartsWith($"#r \"{directive.File.ValueText}\"", StringComparison.Ordinal))
            .Select(directive => directive.GetLocation().GetLineSpan().StartLinePosition.Line + 1)
            .FirstOrDefault();
}
