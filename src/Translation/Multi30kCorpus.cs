namespace IntraDistill.Tasks;

/// <summary>
/// Multi30k (Elliott et al. 2016): captions of photographs in English and their German translations, 29,000 training pairs,
/// as <c>data-scripts/multi30k.cs</c> prepares them; a benchmark that a laptop can train whole.
/// </summary>
/// <remarks>Texts keep their case; scores ignore it, as in WMT'16. Valid has 1,014 pairs; test, 1,000, is Flickr 2016.</remarks>
public static class Multi30kCorpus
{
    /// <summary>Reads <c>{folder}/multi30k/de-en</c> (its six files and <c>about.json</c>).</summary>
    /// <param name="folder">The folder of all prepared data: <c>data</c> in the kit's folder.</param>
    /// <param name="source">"de" or "en".</param>
    /// <param name="target">The other of the two.</param>
    /// <exception cref="IntraDistillException">
    /// There is no such pair; or its folder is missing, unfinished or damaged: the message names file, line and the command that
    /// prepares it.
    /// </exception>
    public static ParallelCorpus Load(string folder, string source, string target)
    {
        if ((source, target) is not (("de", "en") or ("en", "de")))
            throw new IntraDistillException($"Multi30k is read as de-en or en-de; there is no pair {source}-{target}");
        return ParallelFiles.LoadPrepared(
            Path.Combine(folder, "multi30k", "de-en"), source, target, "Multi30k",
            "image captions of Multi30k (Elliott et al. 2016; licence not stated by its repository), scored without regard to "
            + "case; test is test_2016_flickr",
            "dotnet run --file data-scripts/multi30k.cs");
    }
}
