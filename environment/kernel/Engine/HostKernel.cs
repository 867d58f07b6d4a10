using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.Commands;
using Microsoft.DotNet.Interactive.Events;
using Microsoft.DotNet.Interactive.Formatting;
using Microsoft.DotNet.Interactive.Utility;

namespace IntraDistill.Kernel.Engine;

/// <summary>
/// A session as .NET Interactive's library knows it, for cells and extensions that ask: <c>Kernel.Root</c>, and within a cell
/// <c>KernelInvocationContext.Current</c>. It runs no code; what is put out through it reaches the session.
/// </summary>
internal sealed class HostKernel : Microsoft.DotNet.Interactive.Kernel
{
    private readonly ScriptSession _session;

    static HostKernel()
    {
        // What is displayed and updated reaches the cell's sink at once. The library's own way keeps each update until the cell's end,
        // which after a night of training are hundreds of thousands; and who subscribes to it is its own affair.
        RuntimeHelpers.RunClassConstructor(typeof(Microsoft.DotNet.Interactive.Kernel).TypeHandle);
        FieldInfo subscribers = typeof(Formatter).GetField("OnFormatterEvent", BindingFlags.NonPublic | BindingFlags.Static)!;
        subscribers.SetValue(null, null);
        Formatter.SubscribeToDisplayedValues(CellContext.Show);
        // A context of the library takes the console for its own while there is one; as long as this is held none does.
        (TextWriter output, TextWriter errors) = (Console.Out, Console.Error);
        ConsoleOutput.Subscribe(_ => System.Reactive.Disposables.Disposable.Empty);
        Console.SetOut(output);
        Console.SetError(errors);
    }

    /// <param name="session">The session that it speaks for.</param>
    public HostKernel(ScriptSession session) : base("csharp")
    {
        _session = session;
        KernelInfo.LanguageName = "C#";
        RegisterCommandHandler<RequestInput>(async (request, context) =>
        {
            try
            {
                string answer = await Task.Run(() => _session.Input.Ask(request.Prompt, request.IsPassword));
                context.Publish(new InputProduced(answer, request));
            }
            catch (Exception e) when (e is InvalidOperationException or OperationCanceledException)
            {
                context.Fail(request, e, e.Message);
            }
        });
    }

    /// <summary>Begins a cell: from here on, in what this flow of control awaits and starts, it is the current one.</summary>
    /// <param name="code">The cell.</param>
    /// <param name="cancellation">Its interruption.</param>
    /// <param name="begun">To be awaited before it runs.</param>
    /// <returns>Ends it.</returns>
    // Not async: what is current in an async method is not so in its caller.
    public IDisposable Begin(string code, CancellationToken cancellation, out Task begun)
    {
        var submit = new SubmitCode(code, Name);
        KernelInvocationContext context = KernelInvocationContext.GetOrCreateAmbientContext(submit);
        IDisposable events = context.KernelEvents.Subscribe(new Receiver(_session));
        begun = SendAsync(new RequestKernelInfo(Name), CancellationToken.None);   // makes this the kernel that handles the cell
        CancellationTokenRegistration interruption = cancellation.UnsafeRegister(_ => Cancel(submit), null);
        return System.Reactive.Disposables.Disposable.Create(() =>
        {
            interruption.Dispose();
            events.Dispose();
            context.Dispose();
        });
    }

    /// <summary>Runs what a package has for .NET Interactive.</summary>
    /// <param name="path">An assembly of its <c>interactive-extensions/dotnet</c>.</param>
    public async Task LoadExtensionsAsync(string path)
    {
        foreach (Type type in AssemblyProbe.Load(path).GetExportedTypes())
            if (type is { IsAbstract: false } && type.IsAssignableTo(typeof(IKernelExtension)))
                await ((IKernelExtension)Activator.CreateInstance(type)!).OnLoadAsync(this);
    }

    // The library's own way to cancel a cell takes away its output as well, and is not public. But all contexts of a command share its
    // cancellation, and one that fails cancels it: a second one, of a thread that knows of no first.
    private static void Cancel(SubmitCode submit) => new Thread(() =>
    {
        using var other = KernelInvocationContext.GetOrCreateAmbientContext(submit);
        other.Fail(submit);
    }) { IsBackground = true, Name = "intradistill interruption" }.UnsafeStart();

    private sealed class Receiver(ScriptSession session) : IObserver<KernelEvent>
    {
        public void OnNext(KernelEvent value)
        {
            CellEvent? shown = value switch
            {
                DisplayedValueUpdated update => new DisplayUpdated(MimeBundle.Of(update), update.ValueId),
                DisplayedValueProduced display => new Displayed(MimeBundle.Of(display), display.ValueId ?? Guid.NewGuid().ToString("N")),
                ReturnValueProduced result => new ResultProduced(MimeBundle.Of(result)),
                StandardOutputValueProduced output => new StreamWritten("stdout", Text(output)),
                StandardErrorValueProduced output => new StreamWritten("stderr", Text(output)),
                ErrorProduced error => new StreamWritten("stderr", error.Message + "\n"),
                _ => null,
            };
            if (shown is not null)
                session.Emit(shown);
        }

        public void OnCompleted() { }

        public void OnError(Exception error) { }

        private static string Text(DisplayEvent output) => string.Concat(output.FormattedValues.Select(value => value.Value));
    }
}
