using IntraDistill.Tasks;
using static System.IO.Path;

namespace IntraDistill.Tests;

/// <summary>Folders of real data as the kit's scripts make them, of files that have other names or columns below <c>../shared</c>.</summary>
internal static class RealFolders
{
    /// <summary>WikiANN in some languages (none: all six that there are), as <c>data-scripts/panx.cs</c> leaves PAN-X.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="languages">Their codes.</param>
    /// <returns>The folder.</returns>
    public static string Panx(string folder, params string[] languages)
    {
        foreach (string from in Directory.GetDirectories(ReferenceData.Path("data/wikiann")))
        {
            string language = GetFileName(from);
            if (languages.Length > 0 && !languages.Contains(language))
                continue;
            Directory.CreateDirectory(Combine(folder, language));
            // Index TAB token TAB tag there, language:token TAB tag here.
            foreach ((string theirs, string ours) in new[] { ("train", "train"), ("val", "dev"), ("test", "test") })
                File.WriteAllText(Combine(folder, language, ours), string.Join('\n', File.ReadAllText(Combine(from, theirs + ".conllu")).Split('\n')
                    .Select(line => line.IndexOf('\t') is >= 0 and int tab ? $"{language}:{line[(tab + 1)..]}" : line)));
        }
        return folder;
    }

    /// <summary>TyDiQA-GoldP, as <c>data-scripts/tydiqa.cs</c> names its files.</summary>
    /// <param name="folder">Where to; it is made.</param>
    /// <returns>The folder.</returns>
    public static string Tydiqa(string folder)
    {
        Directory.CreateDirectory(folder);
        string from = ReferenceData.Path("data/tydiqa-goldp");
        foreach (string part in TydiqaCorpus.Languages.Select(language => $"{language}.dev").Prepend("en.train"))
            File.CreateSymbolicLink(Combine(folder, $"tydiqa.goldp.{part}.json"),
                Combine(from, $"{TydiqaCorpus.NameOf(part[..2])}_tydiqa_{part[3..]}.json"));
        return folder;
    }
}
