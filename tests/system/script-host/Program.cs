// Arguments: a notebook, and the preset to put in the place of Quick.
using System.Text.Json;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.Scripting;
using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.Formatting;

using JsonDocument notebook = JsonDocument.Parse(File.ReadAllText(args[0]));
Directory.SetCurrentDirectory(Path.GetDirectoryName(Path.GetFullPath(args[0]))!);

// Imports and references are those of .NET Interactive's C# kernel, which is a Roslyn script too.
ScriptOptions options = ScriptOptions.Default
    .AddImports(
        "System", "System.Text", "System.Collections", "System.Collections.Generic", "System.Threading.Tasks", "System.Linq")
    .AddReferences(typeof(Enumerable).Assembly, typeof(List<>).Assembly, typeof(Kernel).Assembly, typeof(Formatter).Assembly)
    .WithMetadataResolver(ScriptMetadataResolver.Default.WithBaseDirectory(Environment.CurrentDirectory));
ScriptState<object> state = await CSharpScript.RunAsync("using static Microsoft.DotNet.Interactive.Kernel;", options);

int number = 0;
foreach (JsonElement cell in notebook.RootElement.GetProperty("cells").EnumerateArray())
{
    if (cell.GetProperty("cell_type").GetString() != "code")
        continue;
    number++;
    JsonElement source = cell.GetProperty("source");
    string code = source.ValueKind == JsonValueKind.String
        ? source.GetString()! : string.Concat(source.EnumerateArray().Select(line => line.GetString()));
    KernelInvocationContext.Current = new();
    try
    {
        state = await state.ContinueWithAsync(code.Replace("preset = \"Quick\"", $"preset = \"{args[1]}\""), options);
        if (state.ReturnValue is { } value)
            Output.Write("result", value);
    }
    catch (Exception e)
    {
        Console.WriteLine($"[failed] code cell {number}: {e}");
        return 1;
    }
}
return 0;
