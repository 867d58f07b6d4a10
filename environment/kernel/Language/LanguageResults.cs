namespace IntraDistill.Kernel.Language;

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
