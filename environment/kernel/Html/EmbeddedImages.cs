using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IntraDistill.Kernel.Notebook;

namespace IntraDistill.Kernel.Html;

/// <summary>Images as data URIs, so that a page needs no file beside it.</summary>
internal static partial class EmbeddedImages
{
    private const string Attachment = "attachment:";

    private static readonly Dictionary<string, string> s_types = new(StringComparer.OrdinalIgnoreCase)
    {
        [".png"] = "image/png", [".jpg"] = "image/jpeg", [".jpeg"] = "image/jpeg", [".gif"] = "image/gif",
        [".svg"] = "image/svg+xml", [".webp"] = "image/webp",
    };

    /// <summary>Puts images that are attached to the cell or lie at a relative path into its HTML; all others stay as they are.</summary>
    /// <param name="html">The cell's HTML.</param>
    /// <param name="cell">The cell.</param>
    /// <param name="folder">Where relative paths begin.</param>
    public static string In(string html, NotebookCell cell, string folder) => ImageSource().Replace(html, image =>
        Find(WebUtility.HtmlDecode(image.Groups[2].Value.Trim('"', '\'')), cell, folder) is { } uri
            ? $"{image.Groups[1]}\"{uri}\"" : image.Value);

    /// <summary>A data URI.</summary>
    /// <param name="mimeType">The content's type.</param>
    /// <param name="base64">The content, as nbformat keeps it.</param>
    public static string DataUri(string mimeType, JsonNode? base64) =>
        $"data:{mimeType};base64,{NotebookCell.Join(base64).ReplaceLineEndings("")}";

    private static string? Find(string address, NotebookCell cell, string folder)
    {
        if (address.StartsWith(Attachment, StringComparison.Ordinal))
            return cell.Attachments[Uri.UnescapeDataString(address[Attachment.Length..])] is JsonObject { Count: > 0 } file
                ? DataUri(file.First().Key, file.First().Value) : null;
        // With a scheme, or from a server's root.
        if (address.Contains(':') || address.StartsWith('/'))
            return null;
        string path = Uri.UnescapeDataString(address.Split('?', '#')[0]);
        if (!s_types.TryGetValue(Path.GetExtension(path), out string? type))
            return null;
        try
        {
            return DataUri(type, Convert.ToBase64String(File.ReadAllBytes(Path.Combine(folder, path))));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    // Of an img element: what comes before the value of its src, and that value.
    [GeneratedRegex("""(<img\b(?:[^>"']|"[^"]*"|'[^']*')*?\ssrc\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)""", RegexOptions.IgnoreCase)]
    private static partial Regex ImageSource();
}
