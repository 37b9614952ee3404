// Fills the page of a ugmm report with its charts, and lets neurons and rows be chosen.
"use strict";

(() => {
  const { draw, html } = UgmmChart;
  const report = JSON.parse(document.getElementById("report").textContent);
  const at = (id) => document.getElementById(id);

  function facts(parent, entries) {
    const list = html(parent, "dl", "facts");
    for (const [name, value] of entries) {
      const item = html(list, "div");
      html(item, "dt", "", name);
      html(item, "dd", "", value).dir = "auto";
    }
  }

  /** Rows of cells; what is no text is put in as it is. The first column is a heading, the others are numbers. */
  function table(parent, headings, lines) {
    const scroller = html(parent, "div", "scroller");
    const element = html(scroller, "table");
    const head = html(html(element, "thead"), "tr");
    for (const heading of headings) html(head, "th", "", heading).scope = "col";
    const body = html(element, "tbody");
    for (const line of lines) {
      const row = html(body, "tr");
      line.forEach((content, index) => {
        const cell = html(row, index === 0 ? "th" : "td");
        if (index === 0) [cell.scope, cell.dir] = ["row", "auto"];
        cell.append(content);
      });
    }
    return element;
  }

  // --- Neurons -------------------------------------------------------------------------------------------------------

  const neurons = new Map(report.neurons.map((neuron) => [neuron.id, neuron]));
  const picker = at("neuron-picker");

  let chosen = "";
  /** How diagrams let a neuron be chosen. */
  const choice = { onNeuron: (id) => showNeuron(id, true), chosen: () => chosen };

  function fillPicker() {
    let group = null;
    let layer = 0;
    for (const neuron of report.neurons) {
      if (neuron.layer !== layer) {
        layer = neuron.layer;
        group = html(picker, "optgroup");
        group.label = layer === report.layers ? "outputs" : `layer ${layer}`;
      }
      html(group, "option", "", neuron.name).value = neuron.id;
    }
    picker.addEventListener("change", () => showNeuron(picker.value, false));
  }

  function showNeuron(id, scroll) {
    const neuron = neurons.get(id);
    const place = at("neuron");
    if (!neuron) {
      place.replaceChildren();
      html(place, "p", "quiet", `Neuron ${id} is not among those on this page; --neurons ${id} draws it as a picture.`);
      return;
    }
    picker.value = chosen = id;
    place.replaceChildren();
    facts(place, neuron.facts);
    draw(place, neuron.chart);
    const lines = neuron.table.map(([name, ...values], index) => {
      const link = neuron.links[index];
      if (!link || !neurons.has(link)) return [name, ...values];
      const button = document.createElement("button");
      button.type = "button";
      button.className = "link";
      button.textContent = name;
      button.addEventListener("click", () => showNeuron(link, false));
      return [button, ...values];
    });
    table(place, ["input", "weight π", "mean μ", "μ ± σ"], lines);
    html(place, "h3", "", "Each component over its own input");
    const help = "In the units of the data where these are known. The curve is the component's density; the bars are the values " +
      "of that input on the rows, drawn to a height of their own.";
    html(place, "p", "quiet", neuron.layer === 1 ? help : help.replace("In the units of the data where these are known. ", ""));
    const grid = html(place, "div", "grid");
    for (const chart of neuron.inputs) draw(grid, chart);
    if (neuron.activations) draw(grid, neuron.activations);
    document.querySelectorAll("[data-neuron]").forEach((node) => {
      node.classList.toggle("chosen", node.dataset.neuron === id);
    });
    if (scroll) at("neurons").scrollIntoView({ block: "start" });
  }

  // --- Rows ----------------------------------------------------------------------------------------------------------

  const byNumber = new Map(report.rows.map((row) => [String(row.number), row]));

  function rowButton(parent, row) {
    const button = html(parent, "button", "row");
    button.type = "button";
    button.dataset.row = row.number;
    button.setAttribute("aria-pressed", "false");
    if (row.picture) draw(button, row.picture, { plain: true });
    html(button, "b", "", `row ${row.number}`);
    html(button, "span", "", row.predicted).dir = "auto";
    if (row.right !== null) {
      const verdict = row.is_right === null ? "" : row.is_right ? " right" : " wrong";
      const words = row.is_right === true ? "right" : `right: ${row.right}`;
      html(button, "span", `verdict${verdict}`, words).dir = "auto";
    }
    html(button, "span", "quiet", row.doubt);
    button.addEventListener("click", () => showRow(String(row.number), true));
  }

  function showRow(number, scroll) {
    const row = byNumber.get(number);
    const place = at("row");
    place.replaceChildren();
    html(place, "h3", "", `Row ${number}`);
    const entries = [["predicted", row.predicted], ["doubt", row.doubt]];
    if (row.right !== null) entries.splice(1, 0, ["right", row.right]);
    facts(place, entries);
    if (at("what-if")) {
      const button = html(place, "button", "link screen-only", "What if?");
      button.type = "button";
      button.addEventListener("click", () => {
        at("what-if").dispatchEvent(new CustomEvent("row", { detail: row.values }));
        at("changed").scrollIntoView({ block: "start" });
      });
    }
    const pictures = [row.picture, row.speaking_for, row.speaking_against, row.responsible, row.chances, row.density].filter(Boolean);
    const grid = html(place, "div", pictures.length > 1 ? "grid" : "alone");
    for (const chart of pictures) draw(grid, chart);
    draw(place, row.path, choice);
    const bar = (share, words) => {
      const place = document.createElement("span");
      place.className = share < 0 ? "bar against" : "bar";
      html(place, "i").style.width = `${100 * Math.abs(share)}%`;
      html(place, "span", "", words);
      return place;
    };
    const lines = row.inputs.map((input) => [
      input.name,
      input.value,
      bar(input.adds_share, input.adds),
      bar(input.share, input.responsibility),
    ]);
    table(place, ["input", "value", "adds to log P", "responsibility"], lines).classList.add("shares");
    document.querySelectorAll("[data-row]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.row === number));
    });
    if (scroll) at("rows").scrollIntoView({ block: "start" });
  }

  // --- The page ------------------------------------------------------------------------------------------------------

  if (report.importance) draw(at("importance"), report.importance);
  for (const chart of report.effects) draw(at("effects"), chart);
  draw(at("network"), report.network, choice);
  if (report.neurons.length) {
    fillPicker();
    showNeuron(report.first_neuron, false);
  }
  for (const unsure of [true, false]) {
    const list = at(unsure ? "unsure-rows" : "other-rows");
    if (list) for (const row of report.rows) if (row.unsure === unsure) rowButton(list, row);
  }
  if (report.rows.length) showRow(String(report.rows[0].number), false);
  for (const { name, rows, charts } of report.maps) {
    const line = html(at("maps"), "div", "map-row");
    const head = html(line, "div", "map-name");
    html(head, "h3", "", name).dir = "auto";
    html(head, "p", "quiet", rows === 1 ? "1 row" : `${rows} rows`);
    for (const chart of charts) draw(line, chart);
  }
  if (report.measures) {
    facts(at("measures"), report.measures.facts);
    const grid = html(at("measures"), "div", "grid wide");
    for (const chart of report.measures.charts) draw(grid, chart);
  }
  if (report.training.length) {
    const grid = html(at("training"), "div", "grid wide");
    for (const chart of report.training) draw(grid, chart);
  }
})();
