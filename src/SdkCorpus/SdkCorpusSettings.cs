namespace IntraDistill.Tasks;

/// <summary>Where the SDK corpus is read from and which messages it keeps.</summary>
public sealed record SdkCorpusSettings
{
    /// <summary>
    /// The folder that holds the .NET SDK (the one with <c>sdk/</c> and <c>packs/</c> in it); null looks at the root of the
    /// running process's runtime, then <c>DOTNET_ROOT</c>, then the <c>dotnet</c> on the PATH.
    /// </summary>
    [ChangesNoResult("where the texts are read; what they are is for the data's fingerprint to say")]
    public string? DotnetRoot { get; init; }

    /// <summary>The most characters a text may have; a longer one in any language drops the message for all of them.</summary>
    public int MaxCharacters { get; init; } = 400;
}
