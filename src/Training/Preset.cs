namespace IntraDistill;

/// <summary>The sizes in which every notebook runs: the same code with other numbers.</summary>
public enum Preset
{
    /// <summary>Seconds: shows that everything works, and nothing about intra-distillation.</summary>
    Smoke,

    /// <summary>Minutes on a laptop's CPU.</summary>
    Quick,

    /// <summary>The published setting, for a GPU.</summary>
    Paper,
}

/// <summary>Reads a notebook's <c>preset</c> parameter.</summary>
public static class Presets
{
    /// <summary>The preset of a name, whatever its case.</summary>
    /// <exception cref="IntraDistillException">There is no preset of that name.</exception>
    public static Preset Parse(string name) => Enum.TryParse(name, ignoreCase: true, out Preset preset) && Enum.IsDefined(preset) ? preset
        : throw new IntraDistillException($"preset = \"{name}\": Smoke, Quick or Paper was expected");

    /// <summary>A setting's value in each preset, side by side.</summary>
    public static T Choose<T>(this Preset preset, T smoke, T quick, T paper) => preset switch
    {
        Preset.Smoke => smoke,
        Preset.Quick => quick,
        _ => paper,
    };
}
