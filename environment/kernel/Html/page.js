for (const chart of document.querySelectorAll(".chart")) {
  const { data, layout = {}, config = {}, frames } = JSON.parse(chart.nextElementSibling.textContent);
  if (typeof Plotly === "undefined") {
    chart.textContent = "This chart needs plotly.js, which was not found when the page was made.";
    continue;
  }
  // The column decides the width, so that charts fit narrow windows too.
  delete layout.width;
  layout.autosize = true;
  Plotly.newPlot(chart, data, layout, { displaylogo: false, ...config, responsive: true })
    .then(() => frames && Plotly.addFrames(chart, frames));
}
