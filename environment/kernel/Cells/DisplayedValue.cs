using IntraDistill.Kernel.Engine;

namespace Microsoft.DotNet.Interactive;

/// <summary>An output that was displayed and can be replaced in place.</summary>
public sealed class DisplayedValue
{
    private readonly ScriptSession? _session;
    private readonly string[] _mimeTypes;

    internal DisplayedValue(ScriptSession? session, string displayId, string[] mimeTypes)
    {
        _session = session;
        DisplayId = displayId;
        _mimeTypes = mimeTypes;
    }

    /// <summary>The identity of the output within the notebook.</summary>
    public string DisplayId { get; }

    /// <summary>Replaces the output by another value, formatted as the same MIME types; from any cell or thread.</summary>
    public void Update(object? updatedValue) =>
        _session?.Emit(new DisplayUpdated(MimeBundle.Of(updatedValue, _mimeTypes), DisplayId));
}
