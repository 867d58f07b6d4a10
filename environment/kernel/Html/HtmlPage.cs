using IntraDistill.Kernel.Notebook;
namespace IntraDistill.Kernel.Html;
internal static class HtmlPage { public static string Render(NotebookDocument document) => document.Title ?? ""; }
