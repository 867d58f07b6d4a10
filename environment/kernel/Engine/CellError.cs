using System.Diagnostics;
using System.Reflection;
using Microsoft.CodeAnalysis;

namespace IntraDistill.Kernel.Engine;

/// <summary>Why a cell failed, as far as its author needs to know.</summary>
/// <param name="Name">The kind of error: an exception's type, or <c>CompilationError</c>.</param>
/// <param name="Message">What went wrong.</param>
/// <param name="Line">The line within the cell, from 1; 0 where it is not known.</param>
/// <param name="Trace">The lines to show: each diagnostic, or the frames within the notebook's own cells.</param>
internal sealed record CellError(string Name, string Message, int Line, IReadOnlyList<string> Trace)
{
    /// <summary>The name of a cell that its user interrupted, as Jupyter's front ends know it.</summary>
    public const string Interrupted = "KeyboardInterrupt";

    private const string CompilationError = "CompilationError";

    /// <summary>The whole error as lines of text: what and where, then the trace.</summary>
    public IEnumerable<string> Describe() =>
        Trace.Count > 0 && Name == CompilationError ? Trace : [.. (string[])[$"{Name}: {Message}"], .. Trace];

    /// <summary>A directive that cannot be followed.</summary>
    public static CellError Of(DirectiveException e) => new("DirectiveError", e.Message, e.Line, []);

    /// <summary>Code that does not compile: each error with its line.</summary>
    /// <param name="errors">At least one.</param>
    /// <param name="code">The code as submitted.</param>
    /// <param name="origin">The name that the code was compiled under: the others are files it loads.</param>
    public static CellError Of(IReadOnlyList<Diagnostic> errors, string code, string origin)
    {
        string[] lines = code.Split('\n');
        var trace = new List<string>();
        foreach (Diagnostic error in errors)
        {
            int line = LineOf(error);
            string? file = line == 0 ? null : error.Location.GetMappedLineSpan().Path;
            bool inCell = line > 0 && (file == origin || file?.Length == 0);
            string place = line == 0 ? "" : inCell ? $"line {line}: " : $"{file}, line {line}: ";
            trace.Add($"{place}{error.Id}: {error.GetMessage()}");
            if (inCell && line <= lines.Length)
                trace.Add($"    {lines[line - 1].Trim()}");
        }
        return new CellError(CompilationError, $"{errors[0].Id}: {errors[0].GetMessage()}", LineOf(errors[0]), trace);

        // Not every error is one of a place: a type in two references, for example.
        static int LineOf(Diagnostic error) => error.Location.IsInSource ? error.Location.GetMappedLineSpan().StartLinePosition.Line + 1 : 0;
    }

    /// <summary>An exception that left the cell: its message, and the frames that lie within cells.</summary>
    /// <param name="exception">The exception.</param>
    /// <param name="origin">The name that the code was compiled under.</param>
    /// <param name="folder">The notebook's folder, below which the compiler puts such names.</param>
    public static CellError Of(Exception exception, string origin, string folder)
    {
        Exception cause = exception;
        while (IsWrapper(cause) && cause.InnerException is { } inner)
            cause = inner;

        int lineInCell = 0;
        var frames = new List<string>();
        foreach (StackFrame frame in new StackTrace(cause, fNeedFileInfo: true).GetFrames())
        {
            if (frame.GetFileName() is not { } file || frame.GetMethod() is not { } method)
                continue;
            if (!Submission.IsCell(method.Module.Assembly))
                continue;
            string name = Path.GetRelativePath(folder, file);
            if (lineInCell == 0 && name == origin)
                lineInCell = frame.GetFileLineNumber();
            frames.Add($"   at {name}, line {frame.GetFileLineNumber()}");
        }
        return new CellError(cause.GetType().Name, WithoutNativeFrames(cause.Message), lineInCell, IsForUsers(cause) ? [] : frames);
    }

    // libtorch puts the frames of its C++ code into the message.
    private static string WithoutNativeFrames(string message)
    {
        foreach (string beginning in (string[])["\nException raised from ", "\nframe #0: "])
            if (message.IndexOf(beginning, StringComparison.Ordinal) is var frames and >= 0)
                message = message[..frames];
        return message;
    }

    private static bool IsWrapper(Exception exception) =>
        exception is AggregateException { InnerExceptions.Count: 1 } or TypeInitializationException or TargetInvocationException;

    // The kit's exceptions say all there is to say in their message. Known by name: the runner does not reference the kit.
    private static bool IsForUsers(Exception exception)
    {
        for (Type? type = exception.GetType(); type is not null; type = type.BaseType)
            if (type.FullName == "IntraDistill.IntraDistillException")
                return true;
        return false;
    }
}

/// <summary>A <c>#r</c>, <c>#load</c> or <c>#!</c> line that cannot be followed.</summary>
/// <param name="message">One line that names the directive and what was expected.</param>
/// <param name="line">The line within the cell, from 1; 0 where it is not known.</param>
internal sealed class DirectiveException(string message, int line = 0) : Exception(message)
{
    public int Line { get; } = line;
}
