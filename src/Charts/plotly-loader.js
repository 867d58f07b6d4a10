// Gives plotly.js to all charts of a page: one promise, one load. Where there is none to be had, the pictures stay.
window.intraDistillPlotly ??= (async () => {
// The page may bring its own, further down.
await (document.readyState === 'loading' && new Promise(done => addEventListener('DOMContentLoaded', done, { once: true })));
if (window.Plotly) return window.Plotly;
const amd = window.define?.amd && window.require;
if (amd && require.defined?.('plotly')) return require('plotly');
// On a Jupyter server the kernelspec's folder has it; a page beside the notebook finds it beside the kit.
const lab = document.getElementById('jupyter-config-data');
const base = document.body.dataset.baseUrl ?? (lab && JSON.parse(lab.textContent).baseUrl);
const names = new Set([window.Jupyter?.notebook?.metadata?.kernelspec?.name ?? 'intradistill', 'intradistill', '.net-csharp']);
const urls = base ? [...names].map(name => `${base}kernelspecs/${name}/plotly.min.js`) : [];
for (const url of [...urls, ...BESIDE].map(url => new URL(url, document.baseURI).href)) {
const found = await new Promise(done => {
// Where there is require.js, plotly.js hands itself to that and leaves no global.
if (amd) return require([url], done, () => done(null));
const script = document.createElement('script');
script.onload = () => done(window.Plotly);
script.onerror = () => done(null);
script.src = url;
document.head.append(script);
});
if (found) return window.Plotly = found;
}
// A cell that is run again tries again.
delete window.intraDistillPlotly;
})();
