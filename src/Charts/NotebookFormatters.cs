using System.ComponentModel;
using System.Runtime.CompilerServices;
using Microsoft.DotNet.Interactive.Formatting;
using Plotly.NET;

namespace IntraDistill;

/// <summary>How a notebook shows the kit's objects. It registers itself where there is a notebook host: the module initializer runs before
/// the first use of anything in the kit, and the build's copy of Plotly.NET names <see cref="ChartFormatters"/> for its charts, so
/// <c>#r</c> of the kit's dll is all that .NET Interactive and the kit's own runner need.</summary>
/// <remarks>A chart is four representations: <c>application/vnd.plotly.v1+json</c>, which VS Code, JupyterLab's Plotly renderer and the
/// runner's pages draw; <c>text/html</c>, for Jupyter Notebook, nbconvert and .NET Interactive, which shows a picture until the page has
/// plotly.js; that picture alone as <c>image/svg+xml</c>; and its title as text. None carries plotly.js itself (3.6 MB): a page loads it
/// once, from its Jupyter server or from beside the kit, and never from elsewhere.</remarks>
public static class NotebookFormatters
{
    /// <summary>The MIME type of a Plotly figure: a JSON object with <c>data</c>, <c>layout</c> and <c>config</c>.</summary>
    public const string PlotlyMimeType = "application/vnd.plotly.v1+json";

    /// <summary>The MIME type of the static picture.</summary>
    public const string SvgMimeType = "image/svg+xml";

    // Whether Plotly.NET's own extension has come: it registers a form of charts whose scripts come from elsewhere.
    private static volatile bool s_contested;

#pragma warning disable CA2255 // a library's initializer: nothing in a notebook would otherwise call this
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Initialize()
    {
        if (!NotebookHost.IsThere)
            return;
        ScriptHost.ShareCharts();
        Register();
        AppDomain.CurrentDomain.AssemblyLoad += (_, loaded) =>
            s_contested |= loaded.LoadedAssembly.GetName().Name == $"{nameof(Plotly)}.{nameof(Plotly.NET)}.{nameof(Plotly.NET.Interactive)}";
    }

    /// <summary>Registers the formatters anew, before all that others have registered.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Register()
    {
        Formatter.Register<GenericChart>(ToJson, PlotlyMimeType);
        Formatter.Register<GenericChart>(ToHtml, HtmlFormatter.MimeType);
        Formatter.Register<GenericChart>(ToSvg, SvgMimeType);
        Formatter.Register<GenericChart>(chart => $"[chart: {PlotlyFigure.Title(chart)}]", PlainTextFormatter.MimeType);
        Formatter.SetPreferredMimeTypesFor(
            typeof(GenericChart), PlotlyMimeType, HtmlFormatter.MimeType, SvgMimeType, PlainTextFormatter.MimeType);
        RegisterHtml<KitTable>(table => table.ToHtml());
        RegisterHtml<TrainingProgress>(progress => progress.ToHtml());
        // One line says more than the table of properties that a notebook makes of a record.
        Formatter.Register<IOneLine>((value, writer) => writer.Write(value), PlainTextFormatter.MimeType);
        Formatter.SetPreferredMimeTypesFor(typeof(IOneLine), PlainTextFormatter.MimeType);
    }

    // The first form that a host asks for.
    private static string ToJson(GenericChart chart)
    {
        if (s_contested)
        {
            s_contested = false;
            Register();
        }
        return GenericChart.toJson(chart);
    }

    private static void RegisterHtml<T>(Func<T, string> toHtml)
    {
        Formatter.Register(toHtml, HtmlFormatter.MimeType);
        Formatter.Register<T>((value, writer) => writer.Write(value), PlainTextFormatter.MimeType);
        Formatter.SetPreferredMimeTypesFor(typeof(T), HtmlFormatter.MimeType, PlainTextFormatter.MimeType);
    }

    /// <summary>A chart as a fragment of a page: its static picture, which gives way to the live chart where the page has plotly.js or
    /// can load it from the kit.</summary>
    public static string ToHtml(GenericChart chart)
    {
        string kitFolder = Path.GetDirectoryName(typeof(NotebookFormatters).Assembly.Location) ?? "";
        return ChartHtml.Of(GenericChart.toJson(chart), PlotlyFigure.Title(chart), StaticPicture.Of(chart),
            ChartHtml.PlotlyBeside(kitFolder, Environment.CurrentDirectory));
    }

    /// <summary>A chart as a small static picture; its title in words where it has none: a triangle, a network, a chart with a slider,
    /// one that was not made by <see cref="KitCharts"/> or was made into another by Plotly.NET.</summary>
    public static string ToSvg(GenericChart chart) =>
        StaticPicture.Of(chart) ?? StaticPicture.InWords($"Chart: {PlotlyFigure.Title(chart)}");
}

/// <summary>Says where the formatters of a type's values come from: .NET Interactive looks for an attribute of this name.</summary>
[AttributeUsage(AttributeTargets.Class), EditorBrowsable(EditorBrowsableState.Never)]
public sealed class TypeFormatterSourceAttribute(Type formatterSourceType) : Attribute
{
    /// <summary>A class with a method <c>CreateTypeFormatters</c>.</summary>
    public Type FormatterSourceType { get; } = formatterSourceType;
}

/// <summary>What the build writes at Plotly.NET's charts (<c>build/MendAssemblies.cs</c>): with it, the kit is loaded before the first
/// chart is shown, and registers the formatters itself.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class ChartFormatters
{
    /// <summary>None besides those.</summary>
    public IEnumerable<object> CreateTypeFormatters() => [];
}
