using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>Functions in TorchScript: several operators for the price of one call from .NET.</summary>
/// <param name="source">Their text, Python as TorchScript has it.</param>
internal sealed class TorchScript(string source)
{
    private readonly jit.CompilationUnit _functions = jit.compile(source);

    /// <summary>Calls one of the functions with tensors, arrays of tensors and numbers.</summary>
    // TorchSharp makes a Scalar of a number, keeps its native address and lets the object go: a garbage collection before the call frees
    // what the function then reads: another number, or "Expected false to be true, but got false". So they are made and held here.
    public TResult Call<TResult>(string function, params object[] arguments)
    {
        object[] held = [.. arguments.Select(one => one switch
        {
            double number => number.ToScalar(), float number => number.ToScalar(), long number => number.ToScalar(), _ => one,
        })];
        try
        {
            return _functions.invoke<TResult>(function, held);
        }
        finally
        {
            foreach (Scalar scalar in held.OfType<Scalar>()) scalar.Dispose();
        }
    }
}
