using System.Reflection;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using IntraDistill.Kernel.Engine;
using IntraDistill.Kernel.Guards;
using IntraDistill.Kernel.Language;
using Microsoft.CodeAnalysis.CSharp;

namespace IntraDistill.Kernel.Jupyter;

/// <summary>
/// A kernel of the Jupyter messaging protocol: cells go to the <see cref="Executor"/>, all other requests are answered
/// here, also while a cell runs.
/// </summary>
internal sealed class JupyterKernel : IDisposable
{
    /// <summary>How long a running cell may take to stop when the kernel is shut down; clients wait five seconds.</summary>
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(2);

    private readonly KernelSockets _sockets;
    private readonly WireFormat _wire;
    private readonly Messenger _messenger;
    private readonly Executor _executor;
    private readonly Channel<Request> _shell = Channel.CreateUnbounded<Request>();
    private readonly Channel<Request> _control = Channel.CreateUnbounded<Request>();
    private readonly TaskCompletionSource _shutdown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="connection">Where its client wants it to listen.</param>
    /// <param name="folder">The notebook's folder.</param>
    /// <exception cref="RunnerException">It cannot listen there.</exception>
    public JupyterKernel(ConnectionFile connection, string folder)
    {
        _wire = new WireFormat(connection.Key);
        _sockets = new KernelSockets(connection);
        _messenger = new Messenger(_wire, _sockets);
        _executor = new Executor(_messenger, folder);
    }

    /// <summary>Serves until it is shut down.</summary>
    public async Task RunAsync()
    {
        _sockets.Start(Receive);
        _messenger.PublishStarting();
        Task cells = _executor.RunAsync();
        _ = AnswerAsync(_shell.Reader);
        _ = AnswerAsync(_control.Reader);
        _ = Task.Run(WarmUpAsync);
        await _shutdown.Task;
        _executor.Complete();
        _executor.Interrupt();
        await Task.WhenAny(cells, Task.Delay(s_farewell));
    }

    /// <summary>Asks the running cell to stop.</summary>
    public void Interrupt() => _executor.Interrupt();

    /// <summary>Ends <see cref="RunAsync"/>.</summary>
    public void ShutDown() => _shutdown.TrySetResult();

    /// <summary>Begins to survive what cells do to the process, and to say so when it ends nevertheless; once a process.</summary>
    public void GuardProcess()
    {
        ThreadExceptions.Survive(_executor.Session, KernelSockets.IsThread);
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            if (_shutdown.Task.IsCompleted)
                return;
            _executor.EndWithProcess();
            Dispose();
        };
    }

    /// <inheritdoc/>
    public void Dispose() => _sockets.Dispose();

    /// <summary>Writes a line to the log, which is the terminal that started Jupyter.</summary>
    public static void Log(string line) => OutputCapture.TerminalErrors.WriteLine($"[intradistill] {line}");

    // On the sockets' thread: sorts, and leaves the work to others.
    private void Receive(KernelChannel channel, IReadOnlyList<byte[]> frames)
    {
        try
        {
            Request request = _wire.Read(channel, frames);
            switch (channel, request.Type)
            {
                case (KernelChannel.Shell, "execute_request"):
                    _executor.Enqueue(request);
                    break;
                case (KernelChannel.Stdin, "input_reply"):
                    _executor.AcceptInput(request);
                    break;
                case (KernelChannel.Shell or KernelChannel.Control, _):
                    (channel == KernelChannel.Shell ? _shell : _control).Writer.TryWrite(request);
                    break;
                default:
                    throw new MessageException($"{request.Type}: not expected there");
            }
        }
        catch (Exception e)   // whatever it is, the sockets' thread goes on
        {
            Log($"dropped a message on {channel}: {(e is MessageException ? e.Message : e)}");
        }
    }

    private async Task AnswerAsync(ChannelReader<Request> requests)
    {
        await foreach (Request request in requests.ReadAllAsync())
        {
            _messenger.Begin(request);
            try
            {
                if (request.Type is "comm_open" or "comm_msg" or "comm_close")
                    RefuseComm(request);
                else if (await AnswerAsync(request) is { } content)
                    _messenger.Reply(request, content);
                else
                    Log($"dropped a message on {request.Channel}: {request.Type}: not known");
            }
            catch (Exception e)
            {
                if (e is not MessageException)
                    Log($"{request.Type}: {e}");
                if (request.Type.EndsWith("_request", StringComparison.Ordinal))
                    _messenger.Reply(request, Failure(e));
            }
            _messenger.End(request);
            if (request.Type == "shutdown_request")
                ShutDown();
        }
    }

    // No comm targets are registered here. The protocol answers the opening of an unknown one by closing it; these
    // messages have no replies.
    private void RefuseComm(Request request)
    {
        if (request.Type == "comm_open")
            _messenger.Publish(
                "comm_close", new JsonObject { ["comm_id"] = request.Text("comm_id"), ["data"] = new JsonObject() }, request);
    }

    /// <returns>The reply's content; null for a request that this kernel does not know.</returns>
    private async Task<JsonObject?> AnswerAsync(Request request)
    {
        switch (request.Type)
        {
            case "kernel_info_request":
                return KernelInfo.ToJson();
            case "is_complete_request":
                Completeness complete = _executor.Language.CheckComplete(request.Text("code"));
                return new JsonObject { ["status"] = complete.Status, ["indent"] = complete.Indent };
            case "complete_request":
                return await CodeAnswers.CompleteAsync(request, _executor.Language);
            case "inspect_request":
                return await CodeAnswers.InspectAsync(request, _executor.Language);
            case "history_request":
                return new JsonObject { ["status"] = "ok", ["history"] = new JsonArray() };   // editors keep their own
            case "comm_info_request":
                return new JsonObject { ["status"] = "ok", ["comms"] = new JsonObject() };
            case "interrupt_request":
                Interrupt();
                return new JsonObject { ["status"] = "ok" };
            case "shutdown_request":
                return new JsonObject { ["status"] = "ok", ["restart"] = request.Flag("restart", false) };
            default:
                return null;
        }
    }

    // The compiler's first compilation takes most of a second: it is over before the first cell arrives.
    private async Task WarmUpAsync()
    {
        const string code = """string.Join(", ", Enumerable.Range(0, 2).Select(i => $"{i}").ToList())""";
        string folder = _executor.Session.Folder;
        Submission sample = Submission.Compile(code, "sample", folder, new ReferenceSet(folder, _ => { }), null, CancellationToken.None, out _)!;
        await sample.RunAsync(new object?[2], CancellationToken.None);
        _executor.Language.WarmUp();
    }

    private static JsonObject Failure(Exception e) => new()
    {
        ["status"] = "error",
        ["ename"] = e.GetType().Name,
        ["evalue"] = e.Message,
        ["traceback"] = new JsonArray(),
    };
}

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
