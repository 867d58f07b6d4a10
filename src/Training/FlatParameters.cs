using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill.Training;

/// <summary>
/// The trained parameters of a model as views of one buffer and their gradients as views of another, so that what is done to all of
/// them (zeroing, the norm, an optimizer's step) is a few calls whatever their number. The model notices nothing.
/// </summary>
internal sealed class FlatParameters : IDisposable
{
    // What TorchSharp does not bind: how often tensors were written to, and whether one is the very memory of another.
    private static readonly jit.CompilationUnit s_script = jit.compile("""
        def writes(tensors: List[Tensor]) -> Tensor:
            return torch.tensor([tensor._version() for tensor in tensors])

        def same(a: Tensor, b: Tensor) -> Tensor:
            return torch.tensor(a.is_set_to(b))

        """);

    private readonly Parameter[] _parameters;
    private readonly Tensor[] _gradients;   // as shaped as the parameters
    private readonly long[] _writes;        // to each of them, as last seen

    /// <summary>Puts the parameters that require a gradient into one buffer.</summary>
    /// <exception cref="IntraDistillException">There are none, or they differ in type or device.</exception>
    public FlatParameters(nn.Module model)
    {
        var named = model.named_parameters().Where(pair => pair.parameter.requires_grad).ToArray();
        if (named.Length == 0) throw new IntraDistillException("The model has no parameters that require a gradient.");
        _parameters = [.. named.Select(pair => pair.parameter)];
        Parameter first = _parameters[0];
        foreach (var (name, parameter) in named)
        {
            if (parameter.dtype != first.dtype || parameter.device.ToString() != first.device.ToString())
                throw new IntraDistillException($"{name} is {parameter.dtype} on {parameter.device} and {named[0].name} {first.dtype} on "
                    + $"{first.device}; expected all parameters that require a gradient to be of one type on one device");
        }
        Places = new Place[named.Length];
        long start = 0;
        for (int i = 0; i < named.Length; start += Places[i].Count, i++)
            Places[i] = new(named[i].name, start, named[i].parameter.numel(), named[i].parameter.shape);
        Weights = empty([start], first.dtype, first.device).DetachFromDisposeScope();
        Gradients = zeros([start], first.dtype, first.device).DetachFromDisposeScope();
        using var noGrad = no_grad();
        // set_, since a plain view would share one count of writes with all others.
        _gradients = [.. Places.Select(place =>
        {
            using var scope = NewDisposeScope();
            return empty([0], first.dtype, first.device).set_(place.In(Gradients)).DetachFromDisposeScope();
        })];
        _writes = new long[named.Length];
        Attach();
        Detach();
    }

    /// <summary>Where a parameter lies in the buffers.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Start">Its first element there.</param>
    /// <param name="Count">How many it has.</param>
    /// <param name="Shape">Its shape.</param>
    public readonly record struct Place(string Name, long Start, long Count, long[] Shape)
    {
        /// <summary>A view of a buffer, shaped as the parameter.</summary>
        public Tensor In(Tensor buffer)
        {
            using Tensor flat = buffer.narrow(0, Start, Count);
            return flat.view(Shape);
        }
    }

    /// <summary>The parameters in their order.</summary>
    public Place[] Places { get; }

    /// <summary>All weights, (P).</summary>
    public Tensor Weights { get; }

    /// <summary>All gradients, (P); 0 for a parameter that has none.</summary>
    public Tensor Gradients { get; }

    /// <summary>
    /// Makes the parameters views of the buffers, with the values that they have. Before training, since another trainer of the
    /// same model may have taken them, and after anything else was done with the model.
    /// </summary>
    public void Attach()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        for (int i = 0; i < _parameters.Length; i++)
        {
            Tensor view = Places[i].In(Weights);
            view.copy_(_parameters[i]);
            _parameters[i].set_(view);
            _parameters[i].grad = _gradients[i];
        }
        Gradients.zero_();
        Touched();
    }

    /// <summary>Takes the gradients off the parameters: outside training they have none.</summary>
    public void Detach()
    {
        foreach (Parameter parameter in _parameters) parameter.grad = null;
    }

    /// <summary>
    /// Which parameters got a gradient since this was last asked. One that has been given a gradient tensor other than its view, as
    /// <c>zero_grad()</c> in a loss makes backward do, gets its view again, with the values.
    /// </summary>
    public bool[] Touched()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using Tensor counts = s_script.invoke<Tensor>("writes", (object)_gradients);
        long[] writes = [.. counts.data<long>()];
        var touched = new bool[writes.Length];
        for (int i = 0; i < writes.Length; i++)
        {
            touched[i] = writes[i] != _writes[i];
            _writes[i] = writes[i];
            if (touched[i]) continue;
            using Tensor? gradient = _parameters[i].grad;
            if (gradient is not null && s_script.invoke<Tensor>("same", gradient, _gradients[i]).ToBoolean()) continue;
            if (gradient is not null)
            {
                _gradients[i].copy_(gradient);
                (touched[i], _writes[i]) = (true, _writes[i] + 1);
            }
            _parameters[i].grad = _gradients[i];
        }
        return touched;
    }

    public void Dispose()
    {
        foreach (Tensor gradient in _gradients) gradient.Dispose();
        Gradients.Dispose();
        Weights.Dispose();      // the parameters' own hold on the memory stays
    }
}
