#!/usr/bin/env dotnet
// Pretrained checkpoints of the paper's GLUE and zero-shot experiments, from the Hugging Face Hub into a cache.
//     dotnet run --file data-scripts/models.cs [-- --models bert-base-uncased,xlm-roberta-base|all --cache DIR --mirror URL]
#:project common/IntraDistill.DataScripts.csproj
using IntraDistill.DataScripts.Models;

// Revisions, sizes and checksums looked up 2026-11-22 in public code that pins the same revisions; null: not found there, so
// about.json records what came. Those of vocab.txt, vocab.json and merges.txt were taken from copies of the files besides.
// tokenizer_config.json says whether BERT's tokenizer lower-cases; of the others it says nothing that is needed.
ModelSource[] sources =
[
    new("bert-base-uncased", "google-bert/bert-base-uncased", "86b5e0934494bd15c9632b12f734a8a67f723594", "Apache-2.0",
    [
        ("config.json", 570, "7160e1553ad2ca51d8c1cb066be533db31826e12d173824c1bb0cb1a4f187d20"),
        ("tokenizer_config.json", 48, "a025160ef0431f1a392f6f050c1310f4c5d9fb6f275932dbccba73c4d214bf10"),
        ("vocab.txt", 231_508, "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"),
        ("model.safetensors", 440_449_768, "68d45e234eb4a928074dfd868cead0219ab85354cc53d20e772753c6bb9169d3"),
    ]),
    new("bert-base-multilingual-cased", "google-bert/bert-base-multilingual-cased", "3f076fdb1ab68d5b2880cb87a0886f315b8146f8",
        "Apache-2.0",
    [
        ("config.json", null, null),
        ("tokenizer_config.json", null, null),
        ("vocab.txt", 995_526, "fe0fda7c425b48c516fc8f160d594c8022a0808447475c1a7c6d6479763f310c"),
        ("model.safetensors", null, null),
    ]),
    new("roberta-base", "FacebookAI/roberta-base", "e2da8e2f811d1448a5b465c236feacd80ffbac7b", "MIT",
    [
        ("config.json", 481, "ef0185e2aae6e06c5f105a285006952c340e20c7dbf43c86ec82601b13fc45e9"),
        ("vocab.json", 898_823, "9e7f63c2d15d666b52e21d250d2e513b87c9b713cfa6987a82ed89e5e6e50655"),
        ("merges.txt", 456_318, "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5"),
        ("model.safetensors", 498_818_054, "5bde1d28afb363d0103324efeb5afc8b2b397fe5e04beabb9b1ef355255ade81"),
    ]),
    new("xlm-roberta-base", "FacebookAI/xlm-roberta-base", "e73636d4f797dec63c3081bb6ed5c7b0bb3f2089", "MIT",
    [
        ("config.json", 615, "d66ed8cd4f2a93b358c245e50736fa389ed4f35c0bae7aad0b32abb20c62b579"),
        ("sentencepiece.bpe.model", 5_069_051, "cfc8146abe2a0488e9e2a0c56de7952f7c11ab059eca145a0a727afce0db2865"),
        ("model.safetensors", 1_115_567_652, "6fd4797bc397c3b8b55d6bb5740366b57e6a3ce91c04c77f22aafc0c128e6feb"),
    ]),
    new("xlm-roberta-large", "FacebookAI/xlm-roberta-large", "c23d21b0620b635a76227c604d44e43a9f0ee389", "MIT",
    [
        ("config.json", null, null),
        ("sentencepiece.bpe.model", null, null),
        ("model.safetensors", null, "2dfa19f172412917cab174da04b46e2134811b723666965fd0aabd97caa6e23b"),
    ]),
];

return await ModelScript.RunAsync(args, sources);
