namespace IntraDistill.Kernel.Language;

/// <summary>Whether code can be run as it stands.</summary>
/// <param name="Status">
/// <c>complete</c>, <c>incomplete</c> (more text is needed) or <c>invalid</c> (more text does not help).
/// </param>
/// <param name="Indent">The white space to begin the next line with; empty unless incomplete.</param>
internal sealed record Completeness(string Status, string Indent);

/// <summary>What may stand at the cursor.</summary>
/// <param name="Items">The best first.</param>
/// <param name="Start">Where the text begins that an item replaces: a UTF-16 index.</param>
/// <param name="End">Where it ends.</param>
internal sealed record Completions(IReadOnlyList<Completion> Items, int Start, int End);

/// <summary>One thing that may stand at the cursor.</summary>
/// <param name="Text">The text to insert.</param>
/// <param name="Kind">
/// What it is, in words that Jupyter's front ends have icons for: ipykernel's (<c>function</c>, <c>instance</c>,
/// <c>module</c>, <c>keyword</c>, <c>param</c>, <c>path</c> …) and, where it has none, VS Code's (<c>struct</c>, <c>enum</c> …).
/// </param>
/// <param name="Signature">Its declaration in short; may be empty.</param>
internal sealed record Completion(string Text, string Kind, string Signature);
