using Microsoft.DotNet.Interactive.Formatting;

// The part of .NET Interactive's API that the notebooks use, under its names.
namespace Microsoft.DotNet.Interactive;

public static class Kernel
{
    // As in its last development version: what display returns updates nothing.
    public static DisplayedValue display(object? value, params string[] mimeTypes)
    {
        Output.Write("display", value, mimeTypes);
        return new DisplayedValue(shown: false, mimeTypes);
    }
}

public sealed class KernelInvocationContext
{
    private static readonly AsyncLocal<KernelInvocationContext?> s_current = new();

    public static KernelInvocationContext? Current
    {
        get => s_current.Value;
        internal set => s_current.Value = value;
    }

    public CancellationToken CancellationToken => CancellationToken.None;
}

public static class KernelInvocationContextExtensions
{
    public static DisplayedValue Display(this KernelInvocationContext context, object? value, params string[] mimeTypes)
    {
        ArgumentNullException.ThrowIfNull(context);
        Output.Write("display", value, mimeTypes);
        return new DisplayedValue(shown: true, mimeTypes);
    }
}

public sealed class DisplayedValue(bool shown, string[] mimeTypes)
{
    public void Update(object? value)
    {
        // There an update goes to the context that is current, and to the console without one.
        if (shown && KernelInvocationContext.Current is not null)
            Output.Write("update", value, mimeTypes);
        else
            Output.Write("lost", value, mimeTypes);
    }
}

internal static class Output
{
    public static void Write(string how, object? value, params string[] mimeTypes)
    {
        IEnumerable<string> forms = mimeTypes.Length > 0 ? mimeTypes : Formatter.GetPreferredMimeTypesFor(value?.GetType());
        IEnumerable<string> shown = forms.Select(form => $"{form}={value.ToDisplayString(form).Length}");
        Console.WriteLine($"[{how}] {value?.GetType().Name} {string.Join(' ', shown)}");
    }
}
