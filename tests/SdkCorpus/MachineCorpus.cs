using IntraDistill.Tasks;

namespace IntraDistill.Tests;

/// <summary>The corpus of this machine's SDK, read once for all tests.</summary>
public static class MachineCorpus
{
    private static readonly Lazy<SdkCorpus> s_corpus = new(() => SdkCorpus.Load());

    /// <summary>All its messages.</summary>
    public static SdkCorpus Value => s_corpus.Value;
}
