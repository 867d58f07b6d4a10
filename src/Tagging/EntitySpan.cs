namespace IntraDistill.Tasks;

/// <summary>An entity of a sentence: the tokens from <paramref name="Start"/> to before <paramref name="End"/>.</summary>
/// <param name="Type">What stands after the hyphen of its tags: <c>PER</c>.</param>
/// <param name="Start">Its first token, from 0.</param>
/// <param name="End">The token after its last.</param>
public readonly record struct EntitySpan(string Type, int Start, int End)
{
    private const string Known = "O, or a type after B-, I-, E- or S-";

    /// <summary>
    /// The entities that a sentence's tags make, as <c>conlleval</c> reads them, whichever of IOB1, IOB2 and IOBES the tags are
    /// written in, and whether or not they are well-formed: an entity begins at every B and S, and at an I or E that follows O,
    /// E, S or another type; it ends where the next one begins, at O, and after E or S.
    /// </summary>
    /// <param name="tags">A tag for each token: <c>O</c>, or <c>B</c>, <c>I</c>, <c>E</c> or <c>S</c> with a type after a hyphen.</param>
    /// <exception cref="IntraDistillException">A tag is none of these.</exception>
    public static IReadOnlyList<EntitySpan> Of(IReadOnlyList<string> tags)
    {
        var found = new List<EntitySpan>();
        char before = 'O';
        string type = "";
        int start = 0;
        for (int i = 0; i < tags.Count; i++)
        {
            (char prefix, string typeHere) = Parse(tags[i]);
            bool begins = prefix != 'O' && (prefix is 'B' or 'S' || before is 'O' or 'E' or 'S' || typeHere != type);
            if (before != 'O' && (begins || prefix == 'O'))
                found.Add(new EntitySpan(type, start, i));
            if (begins)
                start = i;
            (before, type) = (prefix, typeHere);
        }
        if (before != 'O')
            found.Add(new EntitySpan(type, start, tags.Count));
        return found;
    }

    private static (char Prefix, string Type) Parse(string tag)
    {
        if (tag == "O")
            return ('O', "");
        // A type may be missing, as in data with one kind of entity, and may have hyphens of its own.
        bool known = tag.Length > 0 && tag[0] is 'B' or 'I' or 'E' or 'S' && (tag.Length == 1 || tag[1] == '-');
        return known ? (tag[0], tag.Length == 1 ? "" : tag[2..])
            : throw new IntraDistillException($"tag '{tag}', where {Known} was expected");
    }
}
