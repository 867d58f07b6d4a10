namespace IntraDistill.Kernel.Engine;

/// <summary>Something that a running cell put out; a front end (the runner, a Jupyter kernel) gives it its own form.</summary>
internal abstract record CellEvent;

/// <summary>Text written to the console.</summary>
/// <param name="Name"><c>stdout</c> or <c>stderr</c>.</param>
/// <param name="Text">The text as written; may hold part of a line, and <c>\r</c>.</param>
internal sealed record StreamWritten(string Name, string Text) : CellEvent;

/// <summary>A value displayed while the cell runs.</summary>
internal sealed record Displayed(MimeBundle Data, string DisplayId) : CellEvent;

/// <summary>A displayed value replaced by another, in whichever cell it was displayed.</summary>
internal sealed record DisplayUpdated(MimeBundle Data, string DisplayId) : CellEvent;

/// <summary>What the cell has put out so far is taken away.</summary>
/// <param name="Wait">Not before there is something new to show, so that the output does not flicker.</param>
internal sealed record OutputCleared(bool Wait) : CellEvent;

/// <summary>The value of the cell's last expression.</summary>
internal sealed record ResultProduced(MimeBundle Data) : CellEvent;

/// <summary>The cell failed; the last event of its run.</summary>
internal sealed record CellFailed(CellError Error) : CellEvent;
