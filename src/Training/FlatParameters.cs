using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>The trained parameters of a model as views of one buffer, so that what is done to all of them (the norm, an optimizer's step)
/// is a few calls whatever their number. The model notices nothing.</summary>
internal sealed class FlatParameters : IDisposable
{
    // One call in place of several for each parameter. Gradients are gathered and no views of a buffer: to add to a view is a kernel
    // for each parameter, and what no one has to start with is not added to.
    private static readonly TorchScript s_script = new("""
        def gradients(parameters: List[Tensor]) -> List[Tensor]:
            found: List[Tensor] = []
            touched: List[bool] = []
            for parameter in parameters:
                gradient = parameter.grad
                # One that is not there is, to TorchScript, no None but a tensor without elements.
                has = gradient is not None and gradient.numel() > 0
                touched.append(has)
                if has and gradient is not None:
                    found.append(gradient.flatten())
            whole = torch.cat(found) if len(found) > 0 else torch.zeros([0], device=parameters[0].device, dtype=parameters[0].dtype)
            return [whole, torch.tensor(touched)]

        """);

    private readonly Parameter[] _parameters;

    /// <summary>Puts the parameters that require a gradient into one buffer.</summary>
    /// <exception cref="IntraDistillException">There are none, or they differ in type or device.</exception>
    public FlatParameters(nn.Module model)
    {
        var named = model.named_parameters().Where(pair => pair.parameter.requires_grad).ToArray();
        if (named.Length == 0) throw new IntraDistillException("The model has no parameters that require a gradient.");
        _parameters = [.. named.Select(pair => pair.parameter)];
        Places = new Place[named.Length];
        var (firstName, first) = named[0];
        long start = 0;
        for (int i = 0; i < named.Length; start += Places[i].Count, i++)
        {
            var (name, parameter) = named[i];
            if (parameter.dtype != first.dtype || parameter.device.ToString() != first.device.ToString())
                throw new IntraDistillException($"{name} is {parameter.dtype} on {parameter.device} and {firstName} {first.dtype} on "
                    + $"{first.device}; expected all parameters that require a gradient to be of one type on one device");
            Places[i] = new(name, start, parameter.numel(), parameter.shape);
        }
        Weights = empty([start], first.dtype, first.device).DetachFromDisposeScope();
        Attach();
    }

    /// <summary>Where a parameter lies in the buffer.</summary>
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

    /// <summary>Makes the parameters views of the buffer, with the values that they have. Before training, since another trainer of the
    /// same model may have taken them, and after anything else was done with the model.</summary>
    public void Attach()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var (place, parameter) in Places.Zip(_parameters))
        {
            Tensor view = place.In(Weights);
            view.copy_(parameter);
            parameter.set_(view);
        }
        ClearGradients();
    }

    /// <summary>Leaves the parameters without gradients.</summary>
    public void ClearGradients()
    {
        foreach (Parameter parameter in _parameters) parameter.grad = null;
    }

    /// <summary>Takes the gradients off the parameters: those of the parameters that got one, one after another, up to (P); and which
    /// these are.</summary>
    public (Tensor Whole, bool[] Touched) TakeGradients()
    {
        Tensor[] made = s_script.Call<Tensor[]>("gradients", (object)_parameters);
        ClearGradients();
        using Tensor touched = made[1];
        return (made[0], [.. touched.data<bool>()]);
    }

    public void Dispose() => Weights.Dispose();     // the parameters' own hold on the memory stays
}
