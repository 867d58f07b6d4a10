// Jupyter Notebook 6 loads this once the kernel is chosen.
define(['module', 'base/js/namespace'], (module, Jupyter) => ({
  onload() {
    // plotly.js lies beside this file: charts of the page load it from here (src/Charts/plotly-loader.js).
    window.intraDistillPlotlyUrl = new URL('plotly.min.js', new URL(module.uri, document.baseURI)).href;
    // A notebook that has never run does not know its language yet: highlight it before its first cell runs.
    Jupyter.notebook.set_codemirror_mode('text/x-csharp');
  },
}));
