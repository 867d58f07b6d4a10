using System.Collections.Frozen;
using System.Text;
using static IntraDistill.DataScripts.Iwslt14.PerlCharacters;

namespace IntraDistill.DataScripts.Iwslt14;

/// <summary>
/// Cuts a sentence into tokens as Moses' <c>tokenizer.perl -l LANG</c> does (Koehn et al., ACL 2007, demo session), without
/// its options: hyphens stay inside words and special characters are escaped (<c>&amp;apos;</c>). Immutable and safe to use
/// from several threads.
/// </summary>
/// <remarks>
/// The rules look at one code point to the left and right of a mark, in passes whose matches consume what they match, as a
/// regular expression's do; so they are written over code points, where an emoji is one character as it is in Perl.
/// </remarks>
public sealed class MosesTokenizer
{
    private readonly string _language;
    private readonly FrozenDictionary<string, bool> _abbreviations;

    /// <summary>Makes the tokenizer of a language.</summary>
    /// <param name="language">
    /// One of en, ar, de, es, fa, he, it, nl, pl. As in Moses, ar, fa and he go with the English abbreviations.
    /// </param>
    /// <exception cref="IntraDistillException">The language is none of these.</exception>
    public MosesTokenizer(string language)
    {
        MosesLanguages.Require(language);
        _language = language;
        _abbreviations = MosesLanguages.Abbreviations(language);
    }

    /// <summary>The tokens of a sentence with one space between.</summary>
    /// <param name="text">
    /// One line without its line end. White space of any kind and length parts words, control characters are dropped, a
    /// lone surrogate becomes U+FFFD; blank text comes back unchanged.
    /// </param>
    /// <returns>
    /// As Moses prints it, without the line end. Where Moses leaves a space at the end (after English or Italian text that
    /// ends in a period and an apostrophe), there is one.
    /// </returns>
    public string Tokenize(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return text;
        List<int> line = SeparateSymbols(Clean(text));
        line = SplitContractions(SplitCommas(line));
        line = SplitPeriods(line);
        // A quotation that ends the text inside its apostrophes: the period was not at the end of the word.
        if (line.Count >= 2 && line[^2] == '.' && line[^1] == '\'')
        {
            line.RemoveRange(line.Count - 2, 2);
            line.AddRange([' ', '.', ' ', '\'', ' ']);
        }
        return Escape(line);
    }

    /// <summary>The code points with single spaces between words, none around, and no control characters.</summary>
    private static List<int> Clean(string text)
    {
        List<int> line = new(2 * text.Length);
        foreach (Rune rune in text.EnumerateRunes())
            if (Rune.IsWhiteSpace(rune))
            {
                if (line.Count > 0 && line[^1] != ' ')
                    line.Add(' ');
            }
            else if (rune.Value >= ' ')
                line.Add(rune.Value);
        if (line.Count > 0 && line[^1] == ' ')
            line.RemoveAt(line.Count - 1);
        return line;
    }

    /// <summary>
    /// Puts spaces around what is neither alphanumeric nor a mark with rules of its own. A run of n periods is a token, from
    /// here to the end the one number -n, which no further rule takes apart.
    /// </summary>
    private static List<int> SeparateSymbols(List<int> line)
    {
        List<int> result = new(line.Count + 16);
        for (int i = 0; i < line.Count; i++)
        {
            int end = i;
            while (end < line.Count && line[end] == '.')
                end++;
            if (end - i >= 2)
            {
                result.AddRange([' ', i - end]);
                if (end < line.Count)
                    result.Add(' ');
                i = end - 1;
            }
            else if (line[i] is ' ' or '.' or '\'' or '`' or ',' or '-' || IsAlphanumeric(line[i]))
                result.Add(line[i]);
            else
                result.AddRange([' ', line[i], ' ']);
        }
        return result;
    }

    /// <summary>Separates commas, but not those between numbers (5,300).</summary>
    private static List<int> SplitCommas(List<int> line)
    {
        line = Split(line, IsNoNumber, ',', null, " , ");
        line = Split(line, null, ',', IsNoNumber, " , ");
        if (line.Count >= 2 && line[^1] == ',' && IsNumber(line[^2]))
            line.Insert(line.Count - 1, ' ');
        return line;
    }

    /// <summary>English contractions go with what follows ("it 's"), Italian ones with what is before ("l' arte").</summary>
    private List<int> SplitContractions(List<int> line)
    {
        if (_language is not ("en" or "it"))
            return Split(line, null, '\'', null, " ' ");
        bool english = _language == "en";
        line = Split(line, IsNoLetter, '\'', IsNoLetter, " ' ");
        line = Split(line, english ? c => IsNoLetter(c) && IsNoNumber(c) : IsNoLetter, '\'', IsAlphabetic, " ' ");
        line = Split(line, IsAlphabetic, '\'', IsNoLetter, " ' ");
        line = Split(line, IsAlphabetic, '\'', IsAlphabetic, english ? " '" : "' ");
        // The 1990's.
        return english ? Split(line, IsNumber, '\'', c => c == 's', " '") : line;
    }

    /// <summary>
    /// Replaces a mark by a text wherever the characters beside it are as wanted (null: they do not matter). Matches do not
    /// overlap, the characters beside the mark included: what a match took, the next one cannot look at.
    /// </summary>
    private static List<int> Split(List<int> line, Func<int, bool>? before, char mark, Func<int, bool>? after, string replacement)
    {
        if (!line.Contains(mark))
            return line;
        List<int> result = new(line.Count + 16);
        int i = 0;
        while (i < line.Count)
        {
            int at = before is null ? i : i + 1;
            int end = after is null ? at + 1 : at + 2;
            if (end <= line.Count && line[at] == mark && before?.Invoke(line[i]) != false && after?.Invoke(line[at + 1]) != false)
            {
                if (before is not null)
                    result.Add(line[i]);
                foreach (char c in replacement)
                    result.Add(c);
                if (after is not null)
                    result.Add(line[at + 1]);
                i = end;
            }
            else
                result.Add(line[i++]);
        }
        return result;
    }

    /// <summary>Separates the periods that end a sentence, and leaves one space between words.</summary>
    private List<int> SplitPeriods(List<int> line)
    {
        List<Range> words = Words(line);
        List<int> result = new(line.Count + 16);
        for (int i = 0; i < words.Count; i++)
        {
            (int start, int length) = words[i].GetOffsetAndLength(line.Count);
            if (length == 0)
                continue;
            if (result.Count > 0)
                result.Add(' ');
            // Of an empty next word, between two spaces, this is the second space: neither a small letter nor a digit.
            bool last = i == words.Count - 1;
            int next = last ? -1 : line[words[i + 1].Start.Value];
            bool parted = length > 1 && line[start + length - 1] == '.' && (last || EndsSentence(line, start, length - 1, next));
            result.AddRange(line.GetRange(start, parted ? length - 1 : length));
            if (parted)
                result.AddRange([' ', '.']);
        }
        return result;
    }

    /// <summary>The words between single spaces, empty ones included except at the end.</summary>
    private static List<Range> Words(List<int> line)
    {
        List<Range> words = [];
        int count = line.Count;
        while (count > 0 && line[count - 1] == ' ')
            count--;
        for (int start = 0; start < count;)
        {
            int end = line.IndexOf(' ', start);
            if (end < 0)
                end = count;
            words.Add(start..end);
            start = end + 1;
        }
        return words;
    }

    /// <summary>Whether the period after a word that is not the last one is a full stop.</summary>
    private bool EndsSentence(List<int> line, int start, int length, int next)
    {
        List<int> word = line.GetRange(start, length);
        if (word.Contains('.') && word.Exists(IsAlphabetic) || IsLowercase(next))
            return false;
        return !_abbreviations.TryGetValue(Text(word), out bool beforeNumberOnly)
            || beforeNumberOnly && next is not (>= '0' and <= '9');
    }

    private static string Text(List<int> word)
    {
        StringBuilder text = new(word.Count);
        foreach (int character in word)
            Append(text, character);
        return text.ToString();
    }

    private static string Escape(List<int> line)
    {
        StringBuilder text = new(line.Count + 32);
        foreach (int character in line)
            switch (character)
            {
                case '&': text.Append("&amp;"); break;
                case '|': text.Append("&#124;"); break;
                case '<': text.Append("&lt;"); break;
                case '>': text.Append("&gt;"); break;
                case '\'': text.Append("&apos;"); break;
                case '"': text.Append("&quot;"); break;
                case '[': text.Append("&#91;"); break;
                case ']': text.Append("&#93;"); break;
                case < 0: text.Append('.', -character); break;
                default: Append(text, character); break;
            }
        return text.ToString();
    }

    private static void Append(StringBuilder text, int character)
    {
        if (character < char.MaxValue)
            text.Append((char)character);
        else
            text.Append(new Rune(character).ToString());
    }

    private static bool IsNoNumber(int character) => !IsNumber(character);

    private static bool IsNoLetter(int character) => !IsAlphabetic(character);
}
