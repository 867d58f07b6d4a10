using System.Reflection;
using System.Text.Json.Nodes;
using IntraDistill.Kernel.Engine;
using Microsoft.CodeAnalysis.CSharp;

namespace IntraDistill.Kernel.Jupyter;

/// <summary>What the kernel says of itself, so that editors highlight and save C#.</summary>
internal static class KernelInfo
{
    private static readonly string s_languageVersion = Submission.ParseOptions.LanguageVersion.ToDisplayString();

    private static readonly string s_version =
        typeof(KernelInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>The content of a <c>kernel_info_reply</c>.</summary>
    public static JsonObject ToJson() => new()
    {
        ["status"] = "ok",
        ["protocol_version"] = WireFormat.ProtocolVersion,
        ["implementation"] = "IntraDistill.Kernel",
        ["implementation_version"] = s_version,
        ["language_info"] = new JsonObject
        {
            ["name"] = "C#",
            ["version"] = s_languageVersion,
            ["mimetype"] = "text/x-csharp",
            ["file_extension"] = ".cs",
            ["pygments_lexer"] = "csharp",
            ["codemirror_mode"] = "text/x-csharp",
        },
        ["banner"] = $"IntraDistill.Kernel {s_version}: C# {s_languageVersion} on .NET {Environment.Version}",
        ["help_links"] = new JsonArray(
            Link("Intra-distillation (the paper)", "https://arxiv.org/abs/2205.11416"),
            Link("C# reference", "https://learn.microsoft.com/dotnet/csharp/language-reference/"),
            Link("TorchSharp", "https://github.com/dotnet/TorchSharp")),
    };

    private static JsonObject Link(string text, string url) => new() { ["text"] = text, ["url"] = url };
}
