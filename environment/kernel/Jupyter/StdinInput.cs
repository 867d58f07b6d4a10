using IntraDistill.Kernel.Engine;

namespace IntraDistill.Kernel.Jupyter;

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
