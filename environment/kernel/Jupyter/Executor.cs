using System.Text.Json.Nodes;
using System.Threading.Channels;
using IntraDistill.Kernel.Engine;
using IntraDistill.Kernel.Language;

namespace IntraDistill.Kernel.Jupyter;

/// <summary>Runs the cells that clients send, one after another.</summary>
internal sealed class Executor
{
    /// <summary>An interruption this soon after another is the same impatience, not a second wish.</summary>
    private static readonly TimeSpan s_insistence = TimeSpan.FromSeconds(1);

    /// <summary>How long a cell may take to notice that it was interrupted before its user is told what else can be done.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(4);

    private readonly Messenger _messenger;
    private readonly StdinInput _input;
    private readonly Channel<Request> _queue = Channel.CreateUnbounded<Request>();
    private readonly CellSink _sink = new(live: true);
    private volatile Interruption? _running;
    private int _count;

    public Executor(Messenger messenger, string folder)
    {
        _messenger = messenger;
        _input = new StdinInput(messenger, _sink.Flush);
        Session = new ScriptSession(folder, _sink.Accept) { Input = _input };
        Language = new LanguageServices(Session);
        CellContext.Fallback = Session;
    }

    /// <summary>What the cells run in.</summary>
    public ScriptSession Session { get; }

    /// <summary>What editors ask about code.</summary>
    public LanguageServices Language { get; }

    /// <summary>Takes a cell; it runs when those before it are done.</summary>
    public void Enqueue(Request request) => _queue.Writer.TryWrite(request);

    /// <summary>Takes an answer to a cell's question.</summary>
    public void AcceptInput(Request reply) => _input.Accept(reply);

    /// <summary>Asks the running cell to stop; asked again, gives it up. Between cells it does nothing.</summary>
    public void Interrupt()
    {
        if (_running is { } running && running.Ask())
            _ = AdviseLaterAsync(running);
    }

    /// <summary>Takes no more cells.</summary>
    public void Complete() => _queue.Writer.TryComplete();

    /// <summary>Something ends the process, and not at the client's wish: fails the running cell with that reason.</summary>
    public void EndWithProcess()
    {
        var error = new CellError(
            "ProcessExit",
            "something called Environment.Exit: the kernel's process ends, and all variables with it; Jupyter starts another",
            0, []);
        _sink.Accept(new CellFailed(error));
        _sink.Complete();
        if (_input.Asking is not { } request)
            return;
        _messenger.Reply(request, Failed(error));
        _messenger.End(request);
    }

    /// <summary>Runs cells until <see cref="Complete"/>.</summary>
    public async Task RunAsync()
    {
        await foreach (Request request in _queue.Reader.ReadAllAsync())
        {
            _messenger.Begin(request, executes: true);
            JsonObject reply;
            bool goesOn;
            try
            {
                (reply, goesOn) = await ExecuteAsync(request);
            }
            catch (Exception e)   // not the cell's, whose errors are results, but a malformed request or a fault of the kernel
            {
                if (e is not MessageException)
                    JupyterKernel.Log($"{request.Type}: {e}");
                (reply, goesOn) = (Failed(new CellError(e.GetType().Name, e.Message, 0, [])), false);
            }
            _sink.Complete();
            List<Request> aborted = goesOn ? [] : TakeQueued();
            _messenger.Reply(request, reply);
            _messenger.End(request);
            foreach (Request waiting in aborted)
                Abort(waiting);
        }
    }

    /// <returns>The reply, and whether the cells that wait may run.</returns>
    private async Task<(JsonObject Reply, bool GoesOn)> ExecuteAsync(Request request)
    {
        string code = request.Text("code");
        bool silent = request.Flag("silent", false);
        bool stopsOnError = request.Flag("stop_on_error", true);
        IReadOnlyList<KeyValuePair<string, string>> expressions = request.Texts("user_expressions");
        if (!silent && request.Flag("store_history", true))
            _count++;
        int number = _count;
        if (!silent)
            _messenger.Publish("execute_input", new JsonObject { ["code"] = code, ["execution_count"] = number }, request);

        _sink.Begin(silent ? _ => { } : new CellMessages(_messenger, request, number).Show);
        _running = new Interruption(s_insistence);
        _input.Asking = request;
        var payload = new JsonArray();
        CellError? error = null;
        if (Question.In(code) is { } asked)
            payload.Add(await Question.AnswerAsync(asked, Language));
        else
            error = await Session.RunAsync(code, number, _running);
        _input.Asking = null;
        _running = null;

        JsonObject reply = error is null
            ? new JsonObject { ["status"] = "ok", ["user_expressions"] = await EvaluateAsync(expressions) }
            : Failed(error);
        reply["execution_count"] = number;
        reply["payload"] = payload;
        return (reply, error is null || !stopsOnError);
    }

    private async Task<JsonObject> EvaluateAsync(IReadOnlyList<KeyValuePair<string, string>> expressions)
    {
        var values = new JsonObject();
        foreach ((string name, string expression) in expressions)
        {
            (MimeBundle? value, CellError? error) = await Session.EvaluateAsync(expression, CancellationToken.None);
            values[name] = value is null
                ? Failed(error!)
                : new JsonObject
                {
                    ["status"] = "ok",
                    ["data"] = value.ToJson(text => JsonValue.Create(text)),
                    ["metadata"] = new JsonObject(),
                };
        }
        return values;
    }

    // Before the error is replied: what a client sends once it knows of the error is to run.
    private List<Request> TakeQueued()
    {
        List<Request> queued = [];
        while (_queue.Reader.TryRead(out Request? request))
            queued.Add(request);
        return queued;
    }

    private void Abort(Request request)
    {
        _messenger.Begin(request);
        _messenger.Reply(request, new JsonObject { ["status"] = "aborted", ["execution_count"] = _count });
        _messenger.End(request);
    }

    private static JsonObject Failed(CellError error)
    {
        JsonObject content = CellMessages.ToJson(error);
        content["status"] = "error";
        return content;
    }

    private async Task AdviseLaterAsync(Interruption interruption)
    {
        await Task.Delay(s_patience);
        if (_running == interruption && !interruption.Insisted.IsCompleted)
            _sink.Accept(new StreamWritten("stderr", "The cell goes on: it does not watch for interruptions "
                + "(KernelInvocationContext.Current.CancellationToken). Interrupt again to leave it behind, "
                + "or restart the kernel.\n"));
    }
}

/// <summary>Asks the user of the client that sent the running cell.</summary>
/// <param name="messenger">Sends the question.</param>
/// <param name="beforeAsking">Sends what the cell has put out before.</param>
internal sealed class StdinInput(Messenger messenger, Action beforeAsking) : ICellInput
{
    private readonly Lock _one = new();
    private volatile TaskCompletionSource<string>? _answer;

    /// <summary>The request of the running cell; null between cells.</summary>
    public Request? Asking { get; set; }

    /// <inheritdoc/>
    public string Ask(string prompt, bool password)
    {
        CancellationToken interrupted = CellContext.Run?.Cancellation ?? CancellationToken.None;
        lock (_one)   // a user answers one question at a time
        {
            if (Asking is not { } request)
                throw new InvalidOperationException("input was asked for after the cell had ended");
            if (!request.Flag("allow_stdin", true))
                throw new InvalidOperationException("the cell asks for input, and this front end has none to give");
            var answer = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            _answer = answer;
            beforeAsking();
            messenger.AskForInput(request, prompt, password);
            try
            {
                answer.Task.Wait(interrupted);
                return answer.Task.Result;
            }
            finally
            {
                _answer = null;
            }
        }
    }

    /// <summary>Takes an <c>input_reply</c>; one that nobody waits for is dropped.</summary>
    /// <exception cref="MessageException">It has no value.</exception>
    public void Accept(Request reply)
    {
        string value = reply.Text("value");
        _answer?.TrySetResult(value);
    }
}
