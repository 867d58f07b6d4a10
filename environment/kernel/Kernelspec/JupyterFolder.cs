namespace IntraDistill.Kernel.Kernelspec;

/// <summary>Where Jupyter looks for kernelspecs and templates.</summary>
internal static class JupyterFolder
{
    /// <summary>Jupyter's data folder.</summary>
    /// <param name="prefix">An installation's or environment's root, such as <c>/usr/local</c>; null: this user's.</param>
    public static string Of(string? prefix) =>
        Path.GetFullPath(prefix is null ? OfUser() : Path.Combine(prefix, "share", "jupyter"));

    private static string OfUser()
    {
        if (Variable("JUPYTER_DATA_DIR") is { } set)
            return set;
        if (OperatingSystem.IsWindows())
            return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "jupyter");
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (OperatingSystem.IsMacOS())
            return Path.Combine(home, "Library", "Jupyter");
        return Path.Combine(Variable("XDG_DATA_HOME") ?? Path.Combine(home, ".local", "share"), "jupyter");
    }

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
