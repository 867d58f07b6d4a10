using System.Text.RegularExpressions;

namespace IntraDistill.DataScripts.Iwslt14;

/// <summary>
/// The sentences of WIT3's files, taken out as the authors' <c>preprocess_iwslt14.sh</c> (fe1ixxu/Intra-Distillation,
/// 6304a787) and fairseq's <c>prepare-iwslt14.sh</c> do with grep and sed.
/// </summary>
public static partial class TalkText
{
    private static readonly string[] s_dropped = ["<url>", "<talkid>", "<keywords>"];
    private static readonly string[] s_stripped = ["<title>", "</title>", "<description>", "</description>"];

    /// <summary>Training text: lines of url, talkid and keywords go; of title and description only the tags go.</summary>
    public static string[] Train(IEnumerable<string> lines) =>
        [.. from line in lines
            where !s_dropped.Any(line.Contains)
            select s_stripped.Aggregate(line, (text, tag) => text.Replace(tag, ""))];

    /// <summary>Test text: the segments, with ’ as '. Entities (<c>&amp;amp;</c>) stay, as in the authors' script.</summary>
    public static string[] Segments(IEnumerable<string> lines) =>
        [.. lines.Where(line => line.Contains("<seg id")).Select(line =>
            SegmentEnd().Replace(SegmentStart().Replace(line, ""), "").Replace('’', '\''))];

    // sed's \s takes no no-break space, which .NET's does.
    [GeneratedRegex("""<seg id="[0-9]*">[ \t\v\f\r]*""")]
    private static partial Regex SegmentStart();

    [GeneratedRegex("""[ \t\v\f\r]*</seg>[ \t\v\f\r]*""")]
    private static partial Regex SegmentEnd();
}
