// Specifications bring colours for a light ground, so plots keep one in dark pages too.
const soft = "#5d6672";
const ink = "#1b1f24";
const line = "#e3e6ea";
const config = {
  background: "transparent",
  font: "system-ui, sans-serif",
  axis: { labelColor: soft, titleColor: ink, gridColor: line, domainColor: soft, tickColor: soft, titleFontWeight: 500 },
  legend: { labelColor: soft, titleColor: ink, titleFontWeight: 500 },
  header: { labelColor: ink, titleColor: ink },
  title: { color: ink, anchor: "start" },
  view: { stroke: line },
};
const norwegian = document.documentElement.lang === "no";
const formatLocale = norwegian
  ? { decimal: ",", thousands: "\u00a0", grouping: [3], currency: ["", "\u00a0kr"], minus: "\u2212" } : undefined;
const specifications = JSON.parse(document.getElementById("plots").textContent);
specifications.forEach((specification, place) => {
  window.vegaEmbed(`#plot-${place}`, specification, {
    config, formatLocale, renderer: "svg",
    actions: { export: true, source: false, compiled: false, editor: false },
  });
});
