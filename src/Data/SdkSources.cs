using System.Text.RegularExpressions;

namespace IntraDistill.Data;

/// <summary>
/// Questions for zero-shot transfer whose answers come from the .NET SDK's messages and exist in all of its languages: of four
/// messages, which is from a certain part of the SDK? A stand-in for question answering: the answer is a span of the text, the
/// question says which, and what it takes is to know what the messages are about.
/// </summary>
/// <remarks>
/// The four messages of a text are of four parts of the SDK, in random order, between bars; they are the same ones in every
/// language. Messages that name a product, or have an error's number, would give it away by a word that is the
/// same everywhere, and are left out. They keep their part of the corpus (<see cref="SdkMessage.Split"/>): no test text has a message that
/// is in training, nor a near-duplicate of one. Draws are by a fixed seed: the data are the same for every seed of a training.
/// </remarks>
public static partial class SdkSources
{
    /// <summary>What the task is called.</summary>
    public const string Name = "SDK-Sources";

    /// <summary>What stands between the messages of a text.</summary>
    public const string Bar = " | ";

    private const int Seed = 1, Choices = 4, Shortest = 20, Longest = 90;

    private static readonly (string Source, string[] Assemblies)[] s_sources =
    [
        ("C# compiler", ["Microsoft.CodeAnalysis.CSharp"]),
        ("Visual Basic compiler", ["Microsoft.CodeAnalysis.VisualBasic"]),
        ("F# compiler", ["FSharp.Compiler.Service", "FSharp.Core"]),
        ("code analyzers", ["Microsoft.CodeAnalysis.NetAnalyzers"]),
        ("refactoring", ["Microsoft.CodeAnalysis.Features", "Microsoft.CodeAnalysis.CSharp.Features",
            "Microsoft.CodeAnalysis.VisualBasic.Features"]),
        ("build", ["Microsoft.Build", "Microsoft.Build.Tasks.Core", "MSBuild", "Microsoft.NET.Build.Extensions.Tasks"]),
        ("packages", ["NuGet.Packaging", "NuGet.CommandLine.XPlat", "NuGet.Commands", "NuGet.Protocol", "NuGet.Configuration"]),
        ("command line", ["dotnet", "Microsoft.DotNet.Cli.Definitions"]),
        ("templates", ["Microsoft.TemplateEngine.Cli", "Microsoft.TemplateEngine.Edge",
            "Microsoft.TemplateEngine.Orchestrator.RunnableProjects"]),
        ("tests", ["vstest.console", "Microsoft.VisualStudio.TestPlatform.ObjectModel", "Microsoft.VisualStudio.TestPlatform.Common",
            "Microsoft.TestPlatform.CrossPlatEngine"]),
    ];

    private static readonly Dictionary<string, string> s_sourceOf = s_sources
        .SelectMany(source => source.Assemblies.Select(assembly => (assembly, source.Source)))
        .ToDictionary(pair => pair.assembly, pair => pair.Source);

    /// <summary>The parts of the SDK that are asked for: the questions.</summary>
    public static IReadOnlyList<string> Sources { get; } = [.. s_sources.Select(source => source.Source)];

    /// <summary>Makes the task from a corpus.</summary>
    /// <param name="corpus">The messages.</param>
    /// <exception cref="IntraDistillException">A part of the corpus has messages of fewer than four parts of the SDK.</exception>
    public static TransferCorpus<QuestionExample> Build(SdkCorpus corpus)
    {
        Draw[] tests = Draws(Split.Test);
        return new TransferCorpus<QuestionExample>(Name, Questions(Draws(Split.Train), "en"), Questions(Draws(Split.Valid), "en"),
            corpus.Languages.ToDictionary(language => language, language => Questions(tests, language)));

        Draw[] Draws(Split split)
        {
            Random random = new(Seed);
            Dictionary<string, SdkMessage[]> bySource = corpus.Messages
                .Where(message => message.Split == split && s_sourceOf.ContainsKey(message.Assembly) && Fits(message))
                .GroupBy(message => s_sourceOf[message.Assembly]).ToDictionary(group => group.Key, group => group.ToArray());
            if (bySource.Count < Choices)
                throw new IntraDistillException($"{Name}: the SDK {corpus.SdkVersion} in {corpus.Root} has messages for {split} of "
                    + $"{bySource.Count} parts; {Choices} are needed");
            Draw[] draws = [.. bySource.SelectMany(source => source.Value.Select(answer => DrawOthers(source.Key, answer, bySource, random)))];
            random.Shuffle(draws);
            return draws;
        }
    }

    private static bool Fits(SdkMessage message) =>
        message.English.Length is >= Shortest and <= Longest && message.Texts.Count == SdkCorpus.KnownLanguages.Count
        && message.Texts.Values.All(text => !GivesAway().IsMatch(text) && !text.Contains('|'));

    private static Draw DrawOthers(
        string source, SdkMessage answer, Dictionary<string, SdkMessage[]> bySource, Random random)
    {
        string[] others = [.. bySource.Keys.Where(other => other != source)];
        random.Shuffle(others);
        SdkMessage[] messages =
            [answer, .. others.Take(Choices - 1).Select(other => bySource[other][random.Next(bySource[other].Length)])];
        random.Shuffle(messages);
        return new Draw(source, messages, answer);
    }

    private static IReadOnlyList<QuestionExample> Questions(IEnumerable<Draw> draws, string language) =>
    [
        .. draws.Select(draw =>
        {
            string[] texts = [.. draw.Messages.Select(message => message.Texts[language])];
            int right = Array.IndexOf(draw.Messages, draw.Answer);
            int start = texts.Take(right).Sum(text => text.Length + Bar.Length);
            return new QuestionExample($"{draw.Answer.Id} {language}", draw.Source, string.Join(Bar, texts),
                [new AnswerSpan(texts[right], start)]);
        }),
    ];

    [GeneratedRegex(@"C#|F#|\bVB|Visual Basic|MSBuild|NuGet|dotnet|vstest|\b[A-Z]{2,}\d{3,}", RegexOptions.IgnoreCase)]
    private static partial Regex GivesAway();

    private sealed record Draw(string Source, SdkMessage[] Messages, SdkMessage Answer);
}
