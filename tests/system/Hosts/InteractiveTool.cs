using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;

namespace IntraDistill.Tests.Hosts;

/// <summary>.NET Interactive's own tool, spoken to as VS Code's extension does: a line of JSON a command on its standard input, a line
/// an event on its output.</summary>
internal sealed class InteractiveTool : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(10);

    private readonly Process _process;
    private readonly BlockingCollection<Event> _events = [];

    private InteractiveTool(string folder)
    {
        _process = Process.Start(new ProcessStartInfo("dotnet", ["tool", "run", "dotnet-interactive", "stdio", "--working-dir", folder])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, WorkingDirectory = Repository.Root,
            Environment = { ["DOTNET_INTERACTIVE_CLI_TELEMETRY_OPTOUT"] = "1", ["OMP_WAIT_POLICY"] = "passive" },
        })!;
        _process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null)
                _events.CompleteAdding();
            else if (line.Data.StartsWith('{'))
                _events.Add(new Event(JsonNode.Parse(line.Data)!));
        };
        _process.BeginOutputReadLine();
    }

    /// <summary>Starts it, installed as <c>.config/dotnet-tools.json</c> says.</summary>
    /// <param name="folder">The notebook's.</param>
    public static async Task<InteractiveTool> StartAsync(string folder)
    {
        await Repository.DotnetAsync("tool", "restore");
        var tool = new InteractiveTool(folder);
        tool.Until(one => one.Type == "KernelReady");
        return tool;
    }

    /// <summary>Runs a cell.</summary>
    /// <returns>What came out, the end last: CommandSucceeded or CommandFailed.</returns>
    public List<Event> Run(string code) => Wait(Send("SubmitCode", new() { ["code"] = code, ["targetKernelName"] = "csharp" }));

    /// <summary>Sends a command.</summary>
    /// <returns>Its token, for <see cref="Wait"/>.</returns>
    public string Send(string command, JsonObject content)
    {
        string token = Guid.NewGuid().ToString("N");
        var message = new JsonObject
        {
            ["token"] = token, ["commandType"] = command, ["command"] = content, ["routingSlip"] = new JsonArray(),
        };
        _process.StandardInput.WriteLine(message.ToJsonString());
        _process.StandardInput.Flush();
        return token;
    }

    /// <summary>The events until a command's end.</summary>
    public List<Event> Wait(string token) => Until(one => one.Type is "CommandSucceeded" or "CommandFailed" && one.Token == token);

    /// <summary>The events until one that is waited for.</summary>
    public List<Event> Until(Predicate<Event> last)
    {
        var seen = new List<Event>();
        while (true)
        {
            Assert.True(_events.TryTake(out Event? next, s_patience), $"no event within {s_patience}; last: {seen.LastOrDefault()}");
            seen.Add(next);
            if (last(next))
                return seen;
        }
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>Something that the tool says.</summary>
    internal sealed record Event(JsonNode Json)
    {
        public string Type => (string)Json["eventType"]!;

        public string? Token => (string?)Json["command"]?["token"];

        /// <summary>The MIME types of a value shown, in the tool's order.</summary>
        public IEnumerable<string> Forms => Json["event"]?["formattedValues"] is JsonArray forms
            ? forms.Select(form => (string)form!["mimeType"]!) : [];

        /// <summary>A value shown, in a form.</summary>
        public string In(string mimeType) => (string)Json["event"]!["formattedValues"]!.AsArray()
            .Single(form => (string)form!["mimeType"]! == mimeType)!["value"]!;

        public string? DisplayId => (string?)Json["event"]?["valueId"];

        /// <summary>Why a command failed.</summary>
        public string? Message => (string?)Json["event"]?["message"];

        public override string ToString() => Json.ToJsonString() is var text && text.Length > 2_000 ? text[..2_000] : text;
    }
}
