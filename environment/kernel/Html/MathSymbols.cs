using System.Text;

namespace IntraDistill.Kernel.Html;

/// <summary>What LaTeX's commands for single signs stand for.</summary>
internal static class MathSymbols
{
    /// <summary>Commands that are variables: Greek and a few more.</summary>
    public static readonly Dictionary<string, string> Letters = Pairs(
        "alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ mu μ "
        + "nu ν xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi ϕ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ "
        + "Xi Ξ Pi Π Sigma Σ Phi Φ Psi Ψ Omega Ω ell ℓ infty ∞ partial ∂ nabla ∇ hbar ℏ emptyset ∅ top ⊤ bot ⊥ Re ℜ Im ℑ");

    /// <summary>Commands that are operators, relations, delimiters and dots.</summary>
    public static readonly Dictionary<string, string> Operators = Pairs(
        "cdot ⋅ times × div ÷ pm ± mp ∓ le ≤ leq ≤ ge ≥ geq ≥ ne ≠ neq ≠ approx ≈ sim ∼ simeq ≃ equiv ≡ propto ∝ ll ≪ gg ≫ "
        + "to → rightarrow → leftarrow ← Rightarrow ⇒ Leftrightarrow ⇔ leftrightarrow ↔ mapsto ↦ implies ⟹ iff ⟺ "
        + "in ∈ notin ∉ subset ⊂ subseteq ⊆ cup ∪ cap ∩ setminus ∖ forall ∀ exists ∃ neg ¬ land ∧ lor ∨ "
        + "sum ∑ prod ∏ int ∫ ldots … dots … cdots ⋯ vdots ⋮ mid ∣ parallel ∥ "
        + "Vert ‖ vert | lVert ‖ rVert ‖ lvert | rvert | langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ "
        + "odot ⊙ oplus ⊕ otimes ⊗ circ ∘ ast ∗ star ⋆ prime ′ colon : lbrace { rbrace } { { } } | ‖ % % _ _ & & $ $ # #");

    /// <summary>Commands whose name is what they show, upright.</summary>
    public static readonly HashSet<string> Functions =
        [.. "log ln exp max min argmax argmin sup inf lim sin cos tan tanh det dim ker Pr gcd arg".Split(' ')];

    /// <summary>Commands that are space, with its width.</summary>
    public static readonly Dictionary<string, string> Spaces = new(StringComparer.Ordinal)
    {
        [","] = ".17em", [":"] = ".22em", [";"] = ".28em", ["!"] = "-.17em", [" "] = ".25em", ["quad"] = "1em", ["qquad"] = "2em",
    };

    /// <summary>Commands that put a sign over their argument.</summary>
    public static readonly Dictionary<string, string> Accents =
        Pairs("hat ^ widehat ^ tilde ~ widetilde ~ vec → dot ˙ ddot ¨");

    /// <summary>Commands that write their argument's letters in another alphabet.</summary>
    public static readonly HashSet<string> Alphabets = ["mathbb", "mathcal", "mathbf", "boldsymbol", "bm"];

    // Unicode put these elsewhere, before it had the rest of their alphabets.
    private static readonly Dictionary<string, string> s_irregular = Pairs(
        "mathbbC ℂ mathbbH ℍ mathbbN ℕ mathbbP ℙ mathbbQ ℚ mathbbR ℝ mathbbZ ℤ "
        + "mathcalB ℬ mathcalE ℰ mathcalF ℱ mathcalH ℋ mathcalI ℐ mathcalL ℒ mathcalM ℳ mathcalR ℛ");

    /// <summary>Whether subscript and superscript stand below and above it in a formula of its own line.</summary>
    public static bool TakesLimits(string command) =>
        command is "\\sum" or "\\prod" or "\\max" or "\\min" or "\\lim" or "\\sup" or "\\inf" or "\\argmax" or "\\argmin"
        || command.StartsWith("\\underbrace", StringComparison.Ordinal)
        || command.StartsWith("\\operatorname", StringComparison.Ordinal);

    /// <summary>The delimiters that an environment has around its table.</summary>
    public static (string Before, string After) Around(string environment) => environment switch
    {
        "cases" => ("{", ""),
        "pmatrix" => ("(", ")"),
        "bmatrix" => ("[", "]"),
        "vmatrix" => ("|", "|"),
        _ => ("", ""),
    };

    /// <summary>Letters in an alphabet of <see cref="Alphabets"/>.</summary>
    public static string InAlphabet(string alphabet, string letters)
    {
        (int upper, int lower) = alphabet switch
        {
            "mathbb" => (0x1D538, 0x1D552),
            "mathcal" => (0x1D49C, 0),
            _ => (0x1D400, 0x1D41A),
        };
        var text = new StringBuilder();
        foreach (char c in letters)
            text.Append(
                s_irregular.TryGetValue(alphabet + c, out string? letter) ? letter
                : c is >= 'A' and <= 'Z' ? char.ConvertFromUtf32(upper + c - 'A')
                : c is >= 'a' and <= 'z' && lower > 0 ? char.ConvertFromUtf32(lower + c - 'a')
                : System.Net.WebUtility.HtmlEncode(c.ToString()));
        return text.ToString();
    }

    private static Dictionary<string, string> Pairs(string list) =>
        list.Split(' ').Chunk(2).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
}
