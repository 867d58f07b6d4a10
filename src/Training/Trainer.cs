using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>Trains a model. The same seed, data and initial weights give the same weights bit for bit on one machine, however often the
/// run is stopped, killed and resumed in between; on a GPU with <see cref="TrainerSettings.Deterministic"/> only. Training runs on a thread
/// of its own; train one model at a time in a process, since torch's random generators are shared (<see cref="Reproducible"/>).</summary>
public sealed class Trainer<TBatch> : IDisposable where TBatch : IBatch
{
    private readonly nn.Module _model;
    private readonly TrainerSettings _settings;
    private readonly IBatchSource<TBatch> _batches;
    private readonly TrainerOptimizer _optimizer;
    private readonly UpdateStep<TBatch> _step;
    private readonly TrainingHistory _history;
    private readonly KeptWeights _kept;
    private readonly Checkpoint _checkpoint;
    private readonly CheckpointFolder? _folder;
    private EpochCursor<TBatch> _cursor;
    private ProgressMeter _meter;
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
    /// <param name="loss">The loss of a batch at an update (from 1). Its <c>Total</c> is what <c>backward()</c> is called on; for
    /// <see cref="TrainerSettings.GradientAccumulation"/> to be exact it is a mean over <see cref="IBatch.Tokens"/>. Tensors it
    /// makes are disposed for it. What it draws at random must come from torch's generator, which is seeded for every update.</param>
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
        _history = new TrainingHistory(settings);
        _kept = new KeptWeights(settings, _history);
        _checkpoint = new Checkpoint(settings, model, _optimizer, _history, _kept);
        _folder = settings.CheckpointFolder is { } folder ? new CheckpointFolder(folder) : null;
        _meter = new ProgressMeter(new TrainingProgress { Label = settings.Label, MaxUpdates = settings.MaxUpdates }, _history);
    }

    /// <summary>Measures the model: called every <see cref="TrainerSettings.ValidateEvery"/> updates and at the end of every
    /// <see cref="TrainAsync"/> call, in evaluation mode and without gradients. A plain number is a <see cref="Validation.Metric"/>. What
    /// it measures may depend on <see cref="Result"/>: a costly metric can begin late. Its time is not training time.</summary>
    public Func<Validation>? Validate { get; set; }

    /// <summary>The last progress snapshot.</summary>
    public TrainingProgress Progress => _meter.Current;

    /// <summary>Raised on the training thread about twice a second, after validations, and when a call ends.</summary>
    public event Action<TrainingProgress>? ProgressChanged;

    /// <summary>What the run has come to: also after a cancelled call, and from within the callbacks.</summary>
    public TrainingResult Result => new(_update, _cursor.Complete, _trainingTime, _history.Best?.Metric, _history.Best?.Update,
        [.. _history.Updates], [.. _history.Validations], _peakMemory, _stopped);

    /// <summary>What <see cref="TryResume"/> found wrong with the newest checkpoint, if it went back to the one before.</summary>
    public string? ResumeWarning { get; private set; }

    /// <summary>The rules of <see cref="TrainerSettings.Rules"/>.</summary>
    public IReadOnlyList<WeightRule> Rules => _settings.Rules;

    /// <summary>Trains on from where the run is, and may be called again to go further. A run stopped early does not go on.</summary>
    /// <param name="untilUpdate">Stop when this many updates are done, counted from the start of the run; if not given, at
    /// <see cref="TrainerSettings.MaxUpdates"/>.</param>
    /// <param name="cancellation">Stops training within a step, as cancelling a cell in the notebook runner does.</param>
    /// <returns>What the run has come to. The model has its last weights; see <see cref="WithChosenWeights"/>.</returns>
    /// <exception cref="NonFiniteLossException">The loss or its gradient is not finite; names the update. On a GPU it is found some updates
    /// later; the weights are those before it, and training goes on from a checkpoint only.</exception>
    /// <exception cref="IntraDistillException">An update takes more memory than the device has; a checkpoint cannot be written, or the
    /// folder holds another run's; or <see cref="TrainerSettings.Deterministic"/> is set, on Windows.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; a checkpoint is written if there is a folder for it.</exception>
    public async Task<TrainingResult> TrainAsync(long? untilUpdate = null, CancellationToken cancellation = default)
    {
        if (Interlocked.Exchange(ref _running, 1) == 1) throw new InvalidOperationException("This trainer is training already.");
        try
        {
            CancellationToken cell = NotebookHost.CellCancellation;
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, cell);
            // The loss may look at one of the two itself, and sees it cancelled a moment before the linked one is.
            bool Cancelled() => cancellation.IsCancellationRequested || cell.IsCancellationRequested;
            // A thread of its own: dispose scopes and the gradient mode belong to a thread, and awaiting must not move them.
            return await Task.Factory.StartNew(() => Run(untilUpdate ?? _settings.MaxUpdates, linked.Token, Cancelled),
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        }
        finally
        {
            _running = 0;
        }
    }

    /// <summary>Goes on from the newest checkpoint in <see cref="TrainerSettings.CheckpointFolder"/>: puts back weights, optimizer, place
    /// in the data, training time, history and the weights that its rules keep. If the newest is damaged and the one before it is good,
    /// that one is taken and <see cref="ResumeWarning"/> says so; the result of the run is the same.</summary>
    /// <returns>Whether there was a checkpoint.</returns>
    /// <exception cref="IntraDistillException">It was made with other settings, another model or other data; or all checkpoints are
    /// damaged: names the newest and what is wrong with it.</exception>
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
        return first is null ? false : throw first;
    }

    /// <summary>Which weights a rule chooses, of all that the run has had so far: one of <see cref="TrainerSettings.Rules"/>, the first of
    /// them if not given.</summary>
    /// <exception cref="IntraDistillException">The run does not keep them, or there is nothing to choose from.</exception>
    public WeightChoice Chosen(WeightRule? rule = null) => _kept.Choose(RuleOr(rule), _update);

    /// <summary>Evaluates the weights that a rule chooses, as <see cref="Chosen"/> has it: puts them into the model, in evaluation mode,
    /// for as long as the action takes, and then the last ones back, from which training goes on.</summary>
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

    private WeightRule RuleOr(WeightRule? rule) => rule ?? (Rules.Count > 0 ? Rules[0] : WeightRule.Last);

    private TrainingResult Run(long maxUpdates, CancellationToken cancellation, Func<bool> cancelled)
    {
        if (_update == 0 && _folder?.Newest is { } other)
            throw new CheckpointException(other, "is of an earlier run; call TryResume() before training to go on with it, " +
                "or delete it, or choose another CheckpointFolder.");
        if (_failed is not null) throw _failed;
        NativeMemory.Trim();
        _log ??= _settings.TensorBoardFolder is { } folder ? new TensorBoardLog(folder) : null;
        _stopped = null;
        _meter = new ProgressMeter(Progress with
        {
            Update = _update, MaxUpdates = maxUpdates, Elapsed = TimeSpan.Zero, Stopped = null,
        }, _history);
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
                if (_step.IsDue || validates || saves)
                {
                    Read();
                    if (_meter.IsDue) Show();
                }
                if (validates) RunValidation();
                if (saves) Save();
                if ((_stopped = Limit(maxUpdates)) is not null) break;
                cancellation.ThrowIfCancellationRequested();
                Update(cancellation);
            }
            Read();
            RunValidation();
            Save();
            Show();
            return Result;
        }
        catch (OperationCanceledException error) when (cancelled())
        {
            _stopped = StopReason.Cancelled;
            Read();
            string? file = Save();
            Show();
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

    private StopReason? Limit(long maxUpdates) =>
        _settings.Patience > 0 && _history.WithoutImprovement >= _settings.Patience && _update >= _settings.PatienceFrom
            ? StopReason.EarlyStop
        : _update >= maxUpdates ? StopReason.MaxUpdates
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
            string goOn = _folder?.Newest is { } checkpoint ? $"TryResume goes on from {checkpoint}"
                : "there is no checkpoint to go on from";
            throw new IntraDistillException(string.Create(CultureInfo.InvariantCulture, $"{_settings.Label}: {_optimizer.Device} is out of "
                + $"memory at update {_update + 1}, in a batch that counts {batches.Max(batch => batch.Tokens):N0} tokens or examples "
                + $"in each of its K passes: make batches smaller (with more GradientAccumulation), or K, "
                + $"or take precision bf16; {goOn}."), error);
        }
        _cursor.Advance(batches.Count);
        _update++;
        _unreadTime += watch.Elapsed;
    }

    /// <summary>Takes note of the updates since the last call.</summary>
    private void Read()
    {
        var watch = Stopwatch.StartNew();
        IReadOnlyList<(TrainingPoint Point, double Tokens)> read;
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
        foreach (var (measured, tokens) in read)
        {
            _trainingTime += each;
            var point = measured with { TrainingTime = _trainingTime, TokensPerSecond = tokens / each.TotalSeconds };
            _history.Updates.Add(point);
            _log?.Add(point);
        }
    }

    private void SampleMemory()
    {
        // Asking the system costs as much as some small products.
        if (_update % 10 == 0) _peakMemory = Math.Max(_peakMemory, Machine.SampleMemory(_optimizer.Device));
    }

    /// <summary>Validates, unless it is done at this update, and keeps the weights if a rule may choose them.</summary>
    private void RunValidation()
    {
        if (Validate is null || _update == 0 || _history.Validations.LastOrDefault()?.Update == _update) return;
        // A seed apart from that of the updates, so that a validation that samples is reproducible too.
        Reproducible.Seed(~_settings.Seed, _update);
        Validation measured;
        using (NewDisposeScope())
            measured = Evaluation.Of(_model, Validate);
        _optimizer.Attach();
        var point = new ValidationPoint(_update, _trainingTime, measured);
        _history.Add(point);
        _kept.Take(_model);
        _log?.Add(point);
        Show();
    }

    private void Show()
    {
        TrainingProgress progress = _meter.Snapshot(_stopped);
        ProgressChanged?.Invoke(progress);
    }

    private string? Save()
    {
        if (_folder is null || _update == 0) return null;
        string file = _folder.FileAt(_update);
        if (_saved == (_update, _history.Validations.Count)) return file;
        _checkpoint.Save(file, new(_update, _cursor.Epoch, _cursor.Position, _cursor.Batches.Count, _cursor.Tokens, _trainingTime,
            _peakMemory, _optimizer.Steps, [.. _history.Validations], _settings.Fingerprint()));
        _folder.Accept(file);
        _folder.Prune();
        _saved = (_update, _history.Validations.Count);
        return file;
    }

    private void Resume(string file)
    {
        var cursor = new EpochCursor<TBatch>(_batches);
        var state = _checkpoint.Restore(file, stored =>
        {
            cursor.MoveTo(stored.Epoch, stored.Position);
            if (cursor.Batches.Count != stored.EpochBatches || cursor.Tokens != stored.EpochTokens)
                throw CheckpointException.OfAnother(file, $"other data: epoch {stored.Epoch} had {stored.EpochBatches} batches with " +
                    $"{stored.EpochTokens} tokens, here {cursor.Batches.Count} with {cursor.Tokens}.");
        });
        (_cursor, _update, _trainingTime, _peakMemory) = (cursor, state.Update, state.TrainingTime, state.PeakMemory);
        _saved = (_update, _history.Validations.Count);
        _folder!.Accept(file);
        _meter = new ProgressMeter(Progress with
        {
            Update = _update, Validation = _history.LastMetric, BestValidation = _history.Best?.Metric,
        }, _history);
    }
}
