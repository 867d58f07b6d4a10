using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>How models are asked for predictions.</summary>
internal static class Evaluation
{
    /// <summary>Runs a model in evaluation mode and without gradients; the model's mode is afterwards what it was.</summary>
    public static T Of<T>(nn.Module model, Func<T> run)
    {
        bool training = model.training;
        model.eval();
        try
        {
            using var noGradients = no_grad();
            return run();
        }
        finally
        {
            model.train(training);
        }
    }
}
