
// ---- the panel ----

const SHOWN = 30; // Most contributions that are shown.
const row = Object.create(null); // Any text is the name of a column.
const root = document.getElementById("what-if");
// For each column, what sets its control to a value.
const controls = new Map();

function element(name, properties = {}, children = []) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const short = (value) => (Number.isFinite(value) ? String(Number(value.toPrecision(5))) : String(value));
const isDate = (column) => column.kind === "date" || column.kind === "month";
const shown = (column, value) => (column && isDate(column) && Number.isFinite(value) ? new Date(value * 864e5).toISOString().slice(0, 10) : short(value));

// A bar with its label and its number.
function bar(label, share, text, against) {
  const inner = element("div", { className: against ? "against" : "" });
  inner.style.width = `${100 * Math.min(Math.max(share, 0), 1)}%`;
  return element("div", { className: "part" }, [
    element("span", { textContent: label, title: label }),
    element("div", { className: "track" }, [inner]),
    element("span", { className: "number", textContent: text }),
  ]);
}

// The density over cells, each as high as its probability by its width.
function curve({ edges, shares }) {
  const heights = shares.map((share, cell) => share / (edges[cell + 1] - edges[cell]));
  const [low, high, top] = [edges[0], edges.at(-1), Math.max(...heights)];
  const x = (edge) => ((100 * (edge - low)) / (high - low)).toFixed(3);
  const steps = heights.map((height, cell) => `L${x(edges[cell])} ${(40 - (38 * height) / top).toFixed(3)}H${x(edges[cell + 1])}`);
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 100 40");
  svg.setAttribute("preserveAspectRatio", "none");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", `M0 40${steps.join("")}V40Z`);
  svg.append(path);
  return svg;
}

function update() {
  const found = predict(row);
  const parts = [];
  if (found === null) {
    parts.push(element("p", { textContent: MODEL.needs === "every_value" ? "The model needs the values of all columns." : "The model needs the value of a column." }));
  } else {
    if (found.probabilities) {
      for (const [name, share] of Object.entries(found.probabilities)) parts.push(bar(name === found.label ? `▸ ${name}` : name, share, `${(100 * share).toFixed(2)} %`));
      parts.push(element("p", { textContent: `entropy ${short(found.entropy)} nats` }));
    }
    if (found.mean !== undefined) {
      const text = (value) => shown(MODEL.target, value);
      parts.push(element("p", { textContent: `${text(found.mean)} ± ${short(found.deviation)}${isDate(MODEL.target) ? " days" : ""}; 90 % from ${text(found.quantiles[0])} to ${text(found.quantiles[2])}, median ${text(found.quantiles[1])}` }));
      if (found.edges) parts.push(curve(found));
    }
    if (found.logLikelihood !== undefined) parts.push(element("p", { textContent: `log-likelihood ${short(found.logLikelihood)}` }));
  }
  root.querySelector(".prediction").replaceChildren(...parts);
  const all = Object.entries(contributions(row) || {}).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
  const largest = all.length > 0 ? Math.max(Math.abs(all[0][1]), 1e-12) : 1;
  const bars = all.slice(0, SHOWN).map(([name, value]) => bar(name, Math.abs(value) / largest, short(value), value < 0));
  const heading = element("h3", { textContent: "Contributions in nats, compared with an average row" });
  root.querySelector(".contributions").replaceChildren(...(bars.length > 0 ? [heading, ...bars] : []));
}

function numberField(column) {
  const [low, high] = column.range || [0, 1];
  const step = column.whole ? 1 : (high - low) / 500 || 1;
  const slider = element("input", { type: "range", min: low, max: high, step, ariaLabel: column.name });
  const box = element("input", { type: isDate(column) ? "date" : "number", step: "any", title: column.values, ariaLabel: column.name });
  const set = (value) => {
    row[column.name] = value;
    box.value = Number.isNaN(value) ? "" : isDate(column) ? shown(column, value) : short(value);
    if (!Number.isNaN(value)) slider.value = value;
  };
  slider.addEventListener("input", () => (set(Number(slider.value)), update()));
  box.addEventListener("change", () => {
    row[column.name] = box.value === "" ? NaN : isDate(column) ? days(box.value) : Number(box.value);
    update();
  });
  set(column.whole ? Math.round((low + high) / 2) : low + (high - low) / 2);
  controls.set(column.name, (value) => set(value ?? NaN));
  return [slider, box];
}

function listField(column) {
  const levels = [...column.states.levels.map((level) => level.text), ""];
  const list = element("select", { ariaLabel: column.name }, levels.map((text) => element("option", { value: text, textContent: text === "" ? "(missing)" : text })));
  list.addEventListener("change", () => ((row[column.name] = list.value), update()));
  const set = (text) => (row[column.name] = list.value = text ?? "");
  set(levels[0]);
  controls.set(column.name, set);
  return [list];
}

// An image to draw on.
function canvasField({ rows, columns: width, places }) {
  const canvas = element("canvas", { width, height: rows });
  const pen = canvas.getContext("2d");
  const pixels = new Float64Array(rows * width);
  const changed = () => {
    const image = pen.createImageData(width, rows);
    pixels.forEach((value, place) => image.data.set([value * 255, value * 255, value * 255, 255], 4 * place));
    pen.putImageData(image, 0, 0);
    places.forEach((place, column) => (row[MODEL.columns[column].name] = Math.round(pixels[place] * 255) / 255));
    update();
  };
  const draw = (event) => {
    if (event.buttons === 0) return;
    const area = canvas.getBoundingClientRect();
    const x = ((event.clientX - area.left) / area.width) * width - 0.5;
    const y = ((event.clientY - area.top) / area.height) * rows - 0.5;
    pixels.forEach((value, place) => {
      const distance = Math.hypot((place % width) - x, Math.floor(place / width) - y);
      pixels[place] = Math.max(value, Math.min(Math.max(1.8 - distance, 0), 1));
    });
    changed();
  };
  canvas.addEventListener("pointerdown", draw);
  canvas.addEventListener("pointermove", draw);
  const clear = element("button", { textContent: "Clear" });
  clear.addEventListener("click", () => (pixels.fill(0), changed()));
  changed();
  places.forEach((place, column) => controls.set(MODEL.columns[column].name, (value) => (pixels[place] = value ?? 0)));
  root.addEventListener("row", changed);
  return element("div", {}, [canvas, element("br"), clear]);
}

// Another script of the page sets the columns to the values of a row.
root.addEventListener("row", ({ detail }) => {
  for (const [name, value] of Object.entries(detail)) controls.get(name)?.(value);
});
const form = root.querySelector(".columns");
if (MODEL.image) form.append(canvasField(MODEL.image));
else {
  for (const column of MODEL.columns) {
    const name = element("span", { textContent: column.name, title: column.values });
    form.append(element("label", { className: "column" }, [name, ...(column.states ? listField(column) : numberField(column))]));
  }
  root.addEventListener("row", update);
}
update();
