using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>
/// Trains a model. The same seed, data and initial weights give the same weights bit for bit on one machine, however often the
/// run is stopped, killed and resumed in between; on a GPU with <see cref="TrainerSettings.Deterministic"/> only. Training runs on a thread of its own; train one model at a time in a process,
/// since torch's random generators are shared (<see cref="Reproducible"/>).
/// </summary>
/// <typeparam name="TBatch">The batches.</typeparam>
public sealed class Trainer<TBatch> : IDisposable where TBatch : IBatch
{
    private readonly nn.Module _model;
    private readonly TrainerSettings _settings;
    private readonly IBatchSource<TBatch> _batches;
    private readonly EpochCursor<TBatch> _cursor;
    private readonly TrainerOptimizer _optimizer;
    private readonly UpdateStep<TBatch> _step;
    private readonly TrainingHistory _history = new();
    private readonly KeptWeights _kept;
    private readonly CheckpointFolder? _folder;
    private TensorBoardLog? _log;
    private long _update;
    private TimeSpan _trainingTime;         // of the updates that have been read
    private TimeSpan _unreadTime;           // of those since
    private NonFiniteLossException? _failed;
    private long _peakMemory;
    private (long Update, int Validations) _saved;
    private StopReason? _stopped;
    private int _running;

    /// <summary>Makes a trainer. The model stays the caller's; it must be on its device already.</summary>
    /// <param name="model">The model. Parameters that require no gradient are left alone.</param>
    /// <param name="settings">How to train.</param>
    /// <param name="batches">The training data.</param>
    /// <param name="loss">
    /// The loss of a batch at an update (from 1). Its <c>Total</c> is what <c>backward()</c> is called on; for
    /// <see cref="TrainerSettings.GradientAccumulation"/> to be exact it is a mean over <see cref="IBatch.Tokens"/>. Tensors it
    /// makes are disposed for it. What it draws at random must come from torch's generator, which is seeded for every update.
    /// </param>
    /// <exception cref="IntraDistillException">A setting makes no sense, or the model has nothing to train.</exception>
    public Trainer(nn.Module model, TrainerSettings settings, IBatchSource<TBatch> batches,
        Func<TBatch, long, IntraDistillationLoss> loss)
    {
        settings.Check();
        _model = model;
        _settings = settings;
        _batches = batches;
        _cursor = new EpochCursor<TBatch>(batches);
        _optimizer = new TrainerOptimizer(model, settings);
        _step = new UpdateStep<TBatch>(settings, _optimizer, (batch, update) => EqualPasses.Of(model, () => loss(batch, update)));
        _kept = new KeptWeights(settings);
        _folder = settings.CheckpointFolder is { } folder ? new CheckpointFolder(folder) : null;
        Progress = new TrainingProgress { Label = settings.Label, MaxUpdates = settings.MaxUpdates };
    }

    /// <summary>
    /// Measures the model: called every <see cref="TrainerSettings.ValidateEvery"/> updates and at the end of every
    /// <see cref="TrainAsync"/> call, in evaluation mode and without gradients. A plain number is a
    /// <see cref="Validation.Metric"/>, lower is better unless <see cref="TrainerSettings.HigherIsBetter"/>. What it measures may
    /// depend on <see cref="Result"/>: a costly metric can begin late. Its time is not training time.
    /// </summary>
    public Func<Validation>? Validate { get; set; }

    /// <summary>The last progress snapshot.</summary>
    public TrainingProgress Progress { get; private set; }

    /// <summary>Raised on the training thread about twice a second, after validations, and when a call ends.</summary>
    public event Action<TrainingProgress>? ProgressChanged;

    /// <summary>What the run has come to: also after a cancelled call, and from within the callbacks.</summary>
    public TrainingResult Result => new(_update, _cursor.Complete, _trainingTime, _history.Best?.Metric, _history.Best?.Update,
        [.. _history.Updates], [.. _history.Validations], _peakMemory, _stopped);

    /// <summary>
    /// What <see cref="TryResume"/> found wrong with the newest checkpoint, if it went back to the one before it; else null.
    /// </summary>
    public string? ResumeWarning { get; private set; }

    /// <summary>
    /// Trains on from where the run is, and may be called again to go further: first to so many updates, then to so much
    /// training time, say. With no limit given it stops at <see cref="TrainerSettings.MaxUpdates"/>; a limit given takes the
    /// place of that one, and of two the first that is reached counts. A run that has stopped early does not go on.
    /// </summary>
    /// <param name="untilUpdate">Stop when this many updates are done, counted from the start of the run.</param>
    /// <param name="untilTime">Stop when the run's <see cref="TrainingResult.TrainingTime"/> reaches this.</param>
    /// <param name="cancellation">Stops training within a step, as cancelling a cell in the notebook runner does.</param>
    /// <returns>What the run has come to. The model has its last weights; see <see cref="RestoreChosen"/>.</returns>
    /// <exception cref="NonFiniteLossException">
    /// The loss or its gradient is not finite; names the update. On a GPU it is found some updates later; the weights are those before it, and
    /// training goes on from a checkpoint only.
    /// </exception>
    /// <exception cref="IntraDistillException"><see cref="TrainerSettings.Deterministic"/> is set, on Windows.</exception>
    /// <exception cref="IntraDistillException">An update takes more memory than the device has.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; a checkpoint is written if there is a folder for it.</exception>
    /// <exception cref="IntraDistillException">A checkpoint cannot be written, or the folder holds another run's.</exception>
    public async Task<TrainingResult> TrainAsync(long? untilUpdate = null, TimeSpan? untilTime = null,
        CancellationToken cancellation = default)
    {
        if (Interlocked.Exchange(ref _running, 1) == 1) throw new InvalidOperationException("This trainer is training already.");
        try
        {
            CancellationToken cell = CellCancellation;
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, cell);
            // The loss may look at one of the two itself, and sees it cancelled a moment before the linked one is.
            bool Cancelled() => cancellation.IsCancellationRequested || cell.IsCancellationRequested;
            long? maxUpdates = untilUpdate ?? (untilTime is null ? _settings.MaxUpdates : null);
            // A thread of its own: dispose scopes and the gradient mode belong to a thread, and awaiting must not move them.
            return await Task.Factory.StartNew(() => Run(maxUpdates, untilTime, linked.Token, Cancelled), CancellationToken.None,
                TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        }
        finally
        {
            _running = 0;
        }
    }

    /// <summary>
    /// Goes on from the newest checkpoint in <see cref="TrainerSettings.CheckpointFolder"/>: puts back weights, optimizer, place
    /// in the data, training time, history and the weights that its rules keep. If the newest is damaged and the one before it is good, that one is
    /// taken and <see cref="ResumeWarning"/> says so; the result of the run is the same.
    /// </summary>
    /// <returns>Whether there was a checkpoint.</returns>
    /// <exception cref="IntraDistillException">It was made with other settings, another model or other data.</exception>
    /// <exception cref="IntraDistillException">All checkpoints are damaged; names the newest and what is wrong with it.</exception>
    public bool TryResume()
    {
        CheckpointException? first = null;
        foreach (string file in _folder?.Files() ?? [])
        {
            try
            {
                Resume(file);
                ResumeWarning = first is null ? null : $"{first.Message} Resumed from {file} instead.";
                return true;
            }
            catch (CheckpointException error) when (!error.IsOfAnother)
            {
                first ??= error;
            }
        }
        if (first is not null) throw first;
        return false;
    }

    /// <summary>The rules of <see cref="TrainerSettings.Rules"/>.</summary>
    public IReadOnlyList<WeightRule> Rules => _settings.Rules;

    /// <summary>Which weights a rule chooses, of all that the run has had so far.</summary>
    /// <param name="rule">One of <see cref="TrainerSettings.Rules"/>; the first of them, if not given.</param>
    /// <exception cref="IntraDistillException">The run does not keep them, or there is nothing to choose from.</exception>
    public WeightChoice Chosen(WeightRule? rule = null) => _kept.Choose(RuleOr(rule), _history, _update);

    /// <summary>Writes the weights that a rule chooses into the model, for good. To go on training afterwards, use
    /// <see cref="WithChosenWeights{T}"/> instead.</summary>
    /// <param name="rule">One of <see cref="TrainerSettings.Rules"/>; the first of them, if not given.</param>
    /// <exception cref="IntraDistillException">The run does not keep them, or there is nothing to choose from.</exception>
    public void RestoreChosen(WeightRule? rule = null)
    {
        Chosen(rule);
        _kept.Put(RuleOr(rule), _model);
    }

    /// <summary>Evaluates the weights that a rule chooses: puts them into the model, in evaluation mode, for as long as the
    /// action takes, and then the last ones back, from which training goes on.</summary>
    /// <param name="action">What to do with the model.</param>
    /// <param name="rule">One of <see cref="TrainerSettings.Rules"/>; the first of them, if not given.</param>
    /// <returns>What the action returned.</returns>
    /// <exception cref="IntraDistillException">The run does not keep them, or there is nothing to choose from.</exception>
    public T WithChosenWeights<T>(Func<T> action, WeightRule? rule = null)
    {
        Chosen(rule);
        return WeightSnapshot.Around(_model, () =>
        {
            _kept.Put(RuleOr(rule), _model);
            return action();
        });
    }

    /// <summary>Frees the optimizer's state and the kept weights; the model stays.</summary>
    public void Dispose()
    {
        _step.Dispose();
        _optimizer.Dispose();
        _kept.Dispose();
    }

    private static CancellationToken CellCancellation =>
        AppContext.GetData("IntraDistill.CellCancellation") is CancellationToken token ? token : CancellationToken.None;

    private TrainingResult Run(long? maxUpdates, TimeSpan? maxTime, CancellationToken cancellation, Func<bool> cancelled)
    {
        if (_update == 0 && _folder?.Files().FirstOrDefault() is { } other)
        {
            throw new CheckpointException(other, "is of an earlier run; call TryResume() before training to go on with it, " +
                "or delete it, or choose another CheckpointFolder.");
        }
        if (_failed is not null) throw _failed;
        NativeMemory.Trim();
        _log ??= _settings.TensorBoardFolder is { } folder ? new TensorBoardLog(folder) : null;
        _stopped = null;
        var meter = new ProgressMeter(Progress with
        {
            Update = _update,
            TrainingTime = _trainingTime,
            MaxUpdates = maxUpdates,
            MaxTime = maxTime,
            Stopped = null,
        });
        bool training = _model.training;
        _model.train();
        _optimizer.Attach();
        using var deterministic = _settings.Deterministic ? Reproducible.Deterministic() : null;
        try
        {
            while (true)
            {
                // First what the last update, perhaps of an earlier call or process, has left due.
                bool validates = _settings.ValidateEvery > 0 && _update % _settings.ValidateEvery == 0;
                bool saves = _settings.CheckpointEvery > 0 && _update % _settings.CheckpointEvery == 0;
                if ((_step.IsDue || validates || saves) && Read(meter)) Show(meter);
                if (validates) RunValidation(meter);
                if (saves) Save();
                if ((_stopped = Limit(maxUpdates, maxTime)) is not null) break;
                cancellation.ThrowIfCancellationRequested();
                Update(cancellation);
            }
            Read(meter);
            RunValidation(meter);
            Save();
            Show(meter);
            return Result;
        }
        catch (OperationCanceledException error) when (cancelled())
        {
            _stopped = StopReason.Cancelled;
            Read(meter);
            string? file = Save();
            Show(meter);
            string message = FormattableString.Invariant($"{_settings.Label}: cancelled after update {_update:N0}; ") +
                (file is null ? "calling TrainAsync again goes on from there." : $"TryResume goes on from {file}.");
            throw new OperationCanceledException(message, error, cancellation);
        }
        finally
        {
            _optimizer.ClearGradients();
            _model.train(training);
            NativeMemory.Trim();
        }
    }

    private StopReason? Limit(long? maxUpdates, TimeSpan? maxTime) =>
        _settings.Patience > 0 && _history.WithoutImprovement >= _settings.Patience && _update >= _settings.PatienceFrom
            ? StopReason.EarlyStop
        : _update >= maxUpdates ? StopReason.MaxUpdates
        : _trainingTime + _unreadTime >= maxTime ? StopReason.TimeLimit
        : null;

    private void Update(CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var batches = _cursor.Peek(_settings.GradientAccumulation);
        try
        {
            _step.Run(batches, _update + 1, SampleMemory, cancellation);
        }
        catch (ExternalException error) when (error.Message.Contains("out of memory") || error.Message.Contains("can't allocate memory"))
        {
            string goOn = _folder?.Files().FirstOrDefault() is { } checkpoint ? $"TryResume goes on from {checkpoint}"
                : "there is no checkpoint to go on from";
            throw new IntraDistillException(string.Create(CultureInfo.InvariantCulture, $"{_settings.Label}: {_optimizer.Device} is out of memory "
                + $"at update {_update + 1}, in a batch that counts {batches.Max(batch => batch.Tokens):N0} tokens or examples in each of its K passes: "
                + $"make batches smaller (with more GradientAccumulation), or K, or take precision bf16; {goOn}."), error);
        }
        _cursor.Advance(batches.Count);
        _update++;
        _unreadTime += watch.Elapsed;
    }

    /// <summary>Takes note of the updates since the last call and says whether it is time to show progress.</summary>
    private bool Read(ProgressMeter meter)
    {
        var watch = Stopwatch.StartNew();
        IReadOnlyList<UpdateMeasures> read;
        try
        {
            read = _step.Read();
        }
        catch (NonFiniteLossException error)
        {
            _failed = error;
            _update = error.Update - 1;
            throw;
        }
        // Where several are read at once, nobody knows which of them took how long.
        TimeSpan each = (_unreadTime + watch.Elapsed) / Math.Max(1, read.Count);
        _unreadTime = TimeSpan.Zero;
        bool show = false;
        foreach (UpdateMeasures of in read)
        {
            _trainingTime += each;
            var point = new TrainingPoint(of.Update, _trainingTime, of.Task, of.Divergence, of.Alpha, of.Total, of.LearningRate,
                of.Tokens / each.TotalSeconds, of.GradientNorm);
            _history.Updates.Add(point);
            _log?.Add(point);
            show |= meter.Add(point, of.Tokens, each.TotalSeconds);
        }
        return show;
    }

    private void SampleMemory()
    {
        // Asking the system costs as much as some small products.
        if (_update % 10 == 0) _peakMemory = Math.Max(_peakMemory, Machine.SampleMemory(_optimizer.Device));
    }

    /// <summary>Validates, unless it is done at this update, and keeps the weights if a rule may choose them.</summary>
    private void RunValidation(ProgressMeter meter)
    {
        if (Validate is null || _update == 0 || _history.Validations.LastOrDefault()?.Update == _update) return;
        // A seed apart from that of the updates, so that a validation that samples is reproducible too.
        Reproducible.Seed(~_settings.Seed, _update);
        _model.eval();
        Validation measured;
        using (NewDisposeScope())
        using (no_grad())
            measured = Validate();
        _model.train();
        _optimizer.Attach();
        var point = new ValidationPoint(_update, _trainingTime, measured);
        _history.Add(point, _settings);
        _kept.Take(_model, _history);
        _log?.Add(point);
        Show(meter);
    }

    private void Show(ProgressMeter meter)
    {
        Progress = meter.Snapshot(_history.Updates.LastOrDefault(), _history, _stopped);
        ProgressChanged?.Invoke(Progress);
    }

    private string? Save()
    {
        if (_folder is null || _update == 0) return null;
        string file = _folder.FileAt(_update);
        if (_saved == (_update, _history.Validations.Count)) return file;
        var state = new CheckpointState(_update, _cursor.Epoch, _cursor.Position, _cursor.Batches, _cursor.Tokens, _trainingTime,
            _peakMemory, _optimizer.Steps, [.. _history.Validations], new(_settings.Fingerprint()));
        Checkpoint.Save(file, state, _model, _optimizer, _history, _kept);
        _folder.Accept(file, prune: true);
        _saved = (_update, _history.Validations.Count);
        return file;
    }

    private void Resume(string file)
    {
        var state = Checkpoint.Restore(file, _settings, _model, _optimizer, _history, _kept, CheckData);
        (_update, _trainingTime, _peakMemory) = (state.Update, state.TrainingTime, state.PeakMemory);
        _cursor.MoveTo(state.Epoch, state.Position);
        _saved = (_update, _history.Validations.Count);
        _folder!.Accept(file, prune: false);
        Progress = Progress with
        {
            Update = _update,
            TrainingTime = _trainingTime,
            Validation = _history.LastMetric,
            BestValidation = _history.Best?.Metric,
        };

        void CheckData(CheckpointState stored)
        {
            var there = new EpochCursor<TBatch>(_batches);
            there.MoveTo(stored.Epoch, stored.Position);
            if (there.Batches == stored.EpochBatches && there.Tokens == stored.EpochTokens) return;
            throw new CheckpointException(file, $"was made with other data: epoch {stored.Epoch} had " +
                $"{stored.EpochBatches} batches with {stored.EpochTokens} tokens, here {there.Batches} with {there.Tokens}.") { IsOfAnother = true };
        }
    }

    private WeightRule RuleOr(WeightRule? rule) => rule ?? (_settings.Rules.Count > 0 ? _settings.Rules[0] : WeightRule.Last);
}
