#!/usr/bin/env dotnet
// GLUE, the eight tasks of the paper's table: the benchmark's original files.
//     dotnet run --file data-scripts/glue.cs [-- --tasks CoLA,RTE|all --output DIR --mirror URL | --archive FILE]
#:project common/IntraDistill.DataScripts.csproj
using IntraDistill;
using IntraDistill.Tasks;
using IntraDistill.DataScripts;
using IntraDistill.DataScripts.Glue;

const string Glue = "https://dl.fbaipublicfiles.com/glue/data",
    SentEval = "https://dl.fbaipublicfiles.com/senteval/senteval_data";

// Sizes and checksums as in datasets/glue/dataset_infos.json of github.com/huggingface/datasets (040102f), looked up 2026-11-22;
// most are in the checksums of tensorflow/datasets too, and those of MRPC's three files were taken from copies of them besides.
GlueSource[] sources =
[
    new(GlueTask.CoLA, [new("CoLA.zip", $"{Glue}/CoLA.zip", 376_971,
        "f212fcd832b8f7b435fb991f101abf89f96b933ab400603bf198960dfc32cbff")]),
    new(GlueTask.Sst2, [new("SST-2.zip", $"{Glue}/SST-2.zip", 7_439_277,
        "d67e16fb55739c1b32cdce9877596db1c127dc322d93c082281f64057c16deaa")]),
    new(GlueTask.Mrpc,
    [
        new(MrpcFiles.TrainName, $"{SentEval}/{MrpcFiles.TrainName}", 1_047_044,
            "60a9b09084528f0673eedee2b69cb941920f0b8cd0eeccefc464a98768457f89"),
        new(MrpcFiles.TestName, $"{SentEval}/{MrpcFiles.TestName}", 441_275,
            "a04e271090879aaba6423d65b94950c089298587d9c084bf9cd7439bd785f784"),
        new(MrpcFiles.DevIdsName, $"{Glue}/{MrpcFiles.DevIdsName}", 6_222,
            "971d7767d81b997fd9060ade0ec23c4fc31cbb226a55d1bd4a1bac474eb81dc7"),
    ]),
    new(GlueTask.StsB, [new("STS-B.zip", $"{Glue}/STS-B.zip", 802_872,
        "e60a6393de5a8b5b9bac5020a1554b54e3691f9d600b775bd131e613ac179c85")]),
    new(GlueTask.Qqp, [new("QQP-clean.zip", $"{Glue}/QQP-clean.zip", 41_696_084,
        "40e7c862c04eb26ee04b67fd900e76c45c6ba8e6d8fab4f8f1f8072a1a3fbae0")]),
    new(GlueTask.Mnli, [new("MNLI.zip", $"{Glue}/MNLI.zip", 312_783_507,
        "e7c1d896d26ed6caf700110645df426cc2d8ebf02a5ab743d5a5c68ac1c83633")]),
    new(GlueTask.Qnli, [new("QNLIv2.zip", $"{Glue}/QNLIv2.zip", 10_627_589,
        "e634e78627a29adaecd4f955359b22bf5e70f2cbd93b493f2d624138a0c0e5f5")]),
    new(GlueTask.Rte, [new("RTE.zip", $"{Glue}/RTE.zip", 697_150,
        "6bf86de103ecd335f3441bd43574d23fef87ecc695977a63b82d5efb206556ee")]),
];

return await GlueScript.RunAsync(args, sources);
