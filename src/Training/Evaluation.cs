using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>How models are asked for predictions; the model's mode is afterwards what it was.</summary>
internal static class Evaluation
{
    /// <summary>Runs a model in evaluation mode and without gradients.</summary>
    public static T Of<T>(nn.Module model, Func<T> run) => InMode(model, () =>
    {
        using var noGradients = no_grad();
        return run();
    });

    /// <summary>Runs a model in evaluation mode.</summary>
    public static T InMode<T>(nn.Module model, Func<T> run)
    {
        bool training = model.training;
        model.eval();
        try
        {
            return run();
        }
        finally
        {
            model.train(training);
        }
    }
}
