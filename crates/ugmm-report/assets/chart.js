// Draws the charts of a ugmm report: plain JavaScript, nothing else needed. What a chart is made of is written down in
// src/chart.rs of the crate ugmm-report, whose src/svg/ draws the same charts for papers.
"use strict";

const UgmmChart = (() => {
  const FONT = 11;
  const CHARACTER = 0.56 * FONT;
  const CURVE_STEPS = 240;
  const SHADES = 32;

  function svg(parent, name, attributes = {}, text = undefined) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    parent.append(element);
    return element;
  }

  function html(parent, name, className = "", text = undefined) {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    parent.append(element);
    return element;
  }

  const series = (number) => (number === 0 ? "s0" : `s${((number - 1) % 6) + 1}`);
  const shortened = (text, most) =>
    [...text].length <= most ? text : [...text].slice(0, Math.max(most - 1, 1)).join("").trimEnd() + "…";
  const widthOf = (text) => [...text].length * CHARACTER;
  const longest = (ticks) => Math.max(0, ...ticks.map((tick) => widthOf(shortened(tick.text, 18))));
  const px = (value) => Math.round(value * 100) / 100;

  /** A number with four digits that count. */
  function number(value) {
    if (value === 0) return "0";
    const size = Math.abs(value);
    const text = size >= 1e-3 && size < 1e6 ? String(Number(value.toPrecision(4))) : value.toExponential(2);
    return text.replace(/-/g, "−");
  }

  // --- What is under the pointer -------------------------------------------------------------------------------------

  let readout = null;

  function show(lines, x, y) {
    readout ??= html(document.body, "div", "readout");
    readout.replaceChildren(...lines.map((line) => Object.assign(document.createElement("div"), { textContent: line })));
    readout.hidden = false;
    const { width, height } = readout.getBoundingClientRect();
    const left = x + 14 + width > window.innerWidth ? x - 14 - width : x + 14;
    const top = y + 14 + height > window.innerHeight ? y - 14 - height : y + 14;
    readout.style.left = `${Math.max(4, left)}px`;
    readout.style.top = `${Math.max(4, top)}px`;
  }

  function hide() {
    if (readout) readout.hidden = true;
  }

  /** Shows lines while the pointer is over an element, or it has the focus. */
  function explain(element, lines) {
    element.addEventListener("pointermove", (event) => show(lines, event.clientX, event.clientY));
    element.addEventListener("pointerleave", hide);
    element.addEventListener("focus", () => {
      const box = element.getBoundingClientRect();
      show(lines, box.right, box.top);
    });
    element.addEventListener("blur", hide);
  }

  // --- Axes ----------------------------------------------------------------------------------------------------------

  function isOfNames(axis) {
    return axis.ticks.some((tick) => !/^[−0-9.e]+$/.test(tick.text));
  }

  function planeOf(chart, width) {
    const { x, y } = chart;
    const left = 2 + (y.label ? 18 : 0) + (y.ticks.length ? Math.min(longest(y.ticks), 0.3 * width) + 8 : 0);
    const inner = Math.max(width - left - 10, 10);
    const turned = isOfNames(x) && longest(x.ticks) + 6 > inner / Math.max(x.ticks.length, 1);
    const ticksHeight = x.ticks.length ? (turned ? 8 + Math.min(longest(x.ticks), 100) : 18) : 0;
    const below = ticksHeight + (x.label ? 18 : 0) + 4;
    const height = chart.ratio ? Math.max(inner * chart.ratio, 1) : Math.max(chart.height - 30, 20);
    const clamped = (share) => Math.min(Math.max(share, -2), 3);
    return {
      left, width: inner, top: 8, height, turned, ticksHeight,
      total: 8 + height + below,
      x: (value) => left + inner * clamped((value - x.from) / (x.to - x.from)),
      y: (value) => 8 + height * (1 - clamped((value - y.from) / (y.to - y.from))),
      valueAt: (place) => x.from + ((place - left) / inner) * (x.to - x.from),
    };
  }

  function axes(root, chart, plane) {
    const { x, y } = chart;
    const covered = chart.marks.some((mark) => mark.kind === "cells" || mark.kind === "graph");
    const [right, bottom] = [plane.left + plane.width, plane.top + plane.height];
    for (const tick of y.ticks) {
      const at = px(plane.y(tick.at));
      if (!covered) svg(root, "path", { class: "grid", d: `M${plane.left} ${at}H${right}` });
      const text = shortened(tick.text, Math.max(3, Math.floor((plane.left - 8 - (y.label ? 18 : 0)) / CHARACTER)));
      svg(root, "text", { class: "tick", x: plane.left - 6, y: at + 3.5, "text-anchor": "end" }, text);
    }
    let freeFrom = -Infinity;
    for (const tick of x.ticks) {
      const [at, text] = [plane.x(tick.at), shortened(tick.text, 18)];
      if (plane.turned) {
        const transform = `translate(${px(at + 3.5)} ${bottom + 6}) rotate(-90)`;
        svg(root, "text", { class: "tick", transform, "text-anchor": "end" }, text);
        continue;
      }
      const half = widthOf(text) / 2;
      if (at - half < freeFrom) continue;
      freeFrom = at + half + 4;
      const anchor = at + half > right + 10 ? "end" : "middle";
      svg(root, "text", { class: "tick", x: px(anchor === "end" ? right + 8 : at), y: bottom + 14, "text-anchor": anchor }, text);
    }
    if (!covered && (x.ticks.length || x.label)) svg(root, "path", { class: "axis", d: `M${plane.left} ${bottom}H${right}` });
    if (x.label) {
      const place = { x: px(plane.left + plane.width / 2), y: bottom + plane.ticksHeight + 13, "text-anchor": "middle" };
      svg(root, "text", { class: "label", ...place }, shortened(x.label, Math.floor(plane.width / CHARACTER)));
    }
    if (y.label) {
      const transform = `translate(12 ${px(plane.top + plane.height / 2)}) rotate(-90)`;
      const text = shortened(y.label, Math.floor(plane.height / CHARACTER));
      svg(root, "text", { class: "label", transform, "text-anchor": "middle" }, text);
    }
  }

  // --- Marks ---------------------------------------------------------------------------------------------------------

  /** Bars from `start` to `end(height)`. */
  function bars(root, plane, mark, start, end, className, clip) {
    const count = mark.heights.length;
    const at = (index) => plane.x(mark.from + ((mark.to - mark.from) * index) / count);
    let path = "";
    mark.heights.forEach((height, index) => {
      if (height === 0) return;
      const whole = Math.max(at(index + 1) - at(index), 3);
      const free = ((mark.gap ?? 0) / 2) * whole;
      const [left, right] = [at(index) + free, at(index) + whole - free];
      path += `M${px(left)} ${px(start)}V${px(end(height))}H${px(right - (right - left > 6 ? 1 : 0))}V${px(start)}z`;
    });
    svg(root, "path", { class: className, d: path, "clip-path": clip });
  }

  const density = (curve, x) =>
    (curve.weight / (curve.sigma * Math.sqrt(2 * Math.PI))) * Math.exp(-0.5 * ((x - curve.mean) / curve.sigma) ** 2);

  function line(root, points, className, clip) {
    const d = points.map(([x, y], index) => `${index ? "L" : "M"}${px(x)} ${px(y)}`).join("");
    svg(root, "path", { class: `line ${className}`, d, "clip-path": clip });
  }

  function cells(root, plane, mark) {
    const { columns, shades, texts, notes } = mark;
    const rows = Math.max(Math.ceil(shades.length / columns), 1);
    const [width, height] = [plane.width / columns, plane.height / rows];
    const corner = (index) => [plane.left + (index % columns) * width, plane.top + Math.floor(index / columns) * height];
    const paths = Array.from({ length: SHADES + 1 }, () => "");
    shades.forEach((shade, index) => {
      if (shade < 0) return;
      const [x, y] = corner(index);
      paths[Math.round(Math.min(shade, 1) * SHADES)] += `M${px(x)} ${px(y)}h${px(width)}v${px(height)}h-${px(width)}z`;
    });
    paths.forEach((d, level) => {
      if (d && level > 0) svg(root, "path", { class: "cell", d, "fill-opacity": level / SHADES });
    });
    const { left, top } = plane;
    svg(root, "rect", { class: "frame", x: left, y: top, width: plane.width, height: plane.height });
    const letters = Math.floor(width / CHARACTER);
    texts.forEach((text, index) => {
      const [x, y] = corner(index);
      if ([...text].length > letters) return;
      const attributes = { x: px(x + width / 2), y: px(y + height / 2 + 4), "text-anchor": "middle" };
      svg(root, "text", { class: shades[index] > 0.55 ? "on-dark" : "label", ...attributes }, text);
    });
    if (notes.length) {
      const cover = svg(root, "rect", { class: "cover", x: left, y: top, width: plane.width, height: plane.height });
      cover.addEventListener("pointermove", (event) => {
        const box = cover.getBoundingClientRect();
        const column = Math.min(Math.floor(((event.clientX - box.left) / box.width) * columns), columns - 1);
        const row = Math.min(Math.floor(((event.clientY - box.top) / box.height) * rows), rows - 1);
        const note = notes[row * columns + column];
        if (note) show([note], event.clientX, event.clientY);
      });
      cover.addEventListener("pointerleave", hide);
    }
  }

  function graph(root, plane, mark, options) {
    const HEADING = 34;
    const { columns, edges } = mark;
    const last = columns.length - 1;
    const side = (column) =>
      Math.min(Math.max(0, ...column.nodes.map((node) => widthOf(node.name))), 0.3 * plane.width) + 14;
    const [left, right] = [side(columns[0]), side(columns[last])];
    const step = (plane.width - left - right) / Math.max(last, 1);
    const most = Math.max(1, ...columns.map((column) => column.nodes.length));
    const room = plane.height - HEADING;
    const place = (column, node) => {
      const count = columns[column].nodes.length;
      const pitch = (room / most) * Math.min(Math.sqrt(most / count), 2);
      const y = plane.top + HEADING + room / 2 + (node - (count - 1) / 2) * pitch;
      return [px(plane.left + left + column * step), px(y)];
    };
    const byNode = columns.map((column) => column.nodes.map(() => []));
    for (const edge of edges) {
      const [[x0, y0], [x1, y1]] = [place(edge.column, edge.from), place(edge.column + 1, edge.to)];
      const bend = (x1 - x0) * 0.45;
      const d = `M${x0} ${y0}C${px(x0 + bend)} ${y0} ${px(x1 - bend)} ${y1} ${x1} ${y1}`;
      const path = svg(root, "path", {
        class: "edge", d, "stroke-width": px(0.5 + 4 * edge.strength), "stroke-opacity": px(0.12 + 0.7 * edge.strength),
      });
      if (edge.note) explain(path, [edge.note]);
      byNode[edge.column][edge.from].push(path);
      byNode[edge.column + 1][edge.to].push(path);
    }
    columns.forEach((column, index) => {
      const [anchor, x] =
        index === 0 ? ["start", plane.left] : index === last ? ["end", plane.left + plane.width] : ["middle", place(index, 0)[0]];
      const fit = index === 0 || index === last ? 0.34 * plane.width : Math.max(step, 40);
      const letters = Math.max(4, Math.floor(fit / CHARACTER));
      svg(root, "text", { class: "label", x, y: plane.top + 8, "text-anchor": anchor }, shortened(column.heading, letters));
      svg(root, "text", { class: "tick", x, y: plane.top + 22, "text-anchor": anchor }, shortened(column.extent, letters));
      column.nodes.forEach((node, number) => {
        const [cx, cy] = place(index, number);
        const group = svg(root, "g", { class: node.neuron ? "node chosen-by-click" : "node" });
        svg(group, "circle", { class: "target", cx, cy, r: 11 });
        svg(group, "circle", { class: node.neuron ? "dot" : "dot input", cx, cy, r: px(3 + 4 * Math.sqrt(node.size)) });
        if (index === 0 || index === last) {
          const [dx, end, space] = index === 0 ? [-11, "end", left] : [11, "start", right];
          const name = shortened(node.name, Math.max(3, Math.floor((space - 12) / CHARACTER)));
          svg(group, "text", { class: "label", x: cx + dx, y: cy + 3.5, "text-anchor": end }, name);
        }
        const emphasise = (on) => byNode[index][number].forEach((path) => path.classList.toggle("strong", on));
        for (const [event, on] of [["pointerenter", true], ["pointerleave", false], ["focus", true], ["blur", false]]) {
          group.addEventListener(event, () => emphasise(on));
        }
        explain(group, [node.name, node.note].filter(Boolean));
        if (node.neuron && options.onNeuron) {
          group.classList.toggle("chosen", options.chosen?.() === node.neuron);
          group.setAttribute("tabindex", "0");
          group.setAttribute("role", "button");
          group.setAttribute("aria-label", `${node.name}: ${node.note}`);
          group.dataset.neuron = node.neuron;
          group.addEventListener("click", () => options.onNeuron(node.neuron));
          group.addEventListener("keydown", (event) => {
            if (event.key !== "Enter" && event.key !== " ") return;
            event.preventDefault();
            options.onNeuron(node.neuron);
          });
        }
      });
    });
  }

  function drawMark(root, plane, mark, chart, options, clip) {
    const bottom = plane.top + plane.height;
    switch (mark.kind) {
      case "histogram": {
        const top = (height) => plane.top + plane.height * (1 - height);
        return bars(root, plane, mark, bottom, top, "histogram", clip);
      }
      case "bars":
        return bars(root, plane, mark, Math.min(plane.y(0), bottom), plane.y, `bars ${series(mark.series)}`, clip);
      case "spans": {
        const d = mark.x.map((x, index) => `M${px(plane.x(x))} ${px(plane.y(mark.low[index]))}V${px(plane.y(mark.high[index]))}`);
        return svg(root, "path", { class: `line ${series(mark.series)}`, d: d.join(""), "clip-path": clip });
      }
      case "gaussians": {
        const { from, to } = chart.x;
        for (const curve of mark.curves) {
          const points = Array.from({ length: CURVE_STEPS + 1 }, (_, index) => {
            const x = from + ((to - from) * index) / CURVE_STEPS;
            return [plane.x(x), plane.y(mark.raised * density(curve, x))];
          });
          line(root, points, series(curve.series), clip);
        }
        return undefined;
      }
      case "line": {
        const points = mark.x.map((x, index) => [plane.x(x), plane.y(mark.y[index])]);
        return line(root, points, `${series(mark.series)}${mark.dashed ? " dashed" : ""}`, clip);
      }
      case "dots":
        mark.x.forEach((x, index) => {
          const [cx, cy] = [px(plane.x(x)), px(plane.y(mark.y[index]))];
          const r = px(1.5 + 5 * Math.sqrt(Math.max(mark.sizes[index], 0)));
          const dot = svg(root, "circle", { class: `dots ${series(mark.series)}`, cx, cy, r });
          if (mark.notes[index]) explain(dot, [mark.notes[index]]);
        });
        return undefined;
      case "cells":
        return cells(root, plane, mark);
      case "graph":
        return graph(root, plane, mark, options);
      default:
        throw new Error(`no such mark: ${mark.kind}`);
    }
  }

  // --- Reading off values --------------------------------------------------------------------------------------------

  /** What the lines, curves and bars of a chart are at x, in words. */
  function valuesAt(chart, x) {
    const lines = [];
    const barAt = (mark) => {
      const index = Math.floor(((x - mark.from) / (mark.to - mark.from)) * mark.heights.length);
      return mark.heights[index];
    };
    for (const mark of chart.marks) {
      if (mark.kind === "gaussians") {
        for (const curve of mark.curves) if (curve.name) lines.push(`${curve.name}: ${number(density(curve, x))}`);
      } else if (mark.kind === "line" && !mark.dashed) {
        let nearest = 0;
        mark.x.forEach((at, index) => {
          if (Math.abs(at - x) < Math.abs(mark.x[nearest] - x)) nearest = index;
        });
        if (mark.x.length) lines.push(`${mark.name}: ${number(mark.y[nearest])}`);
      } else if (mark.kind === "bars" && barAt(mark) !== undefined) {
        const value = number(barAt(mark));
        lines.push(mark.name ? `${mark.name}: ${value}` : value);
      }
    }
    return lines;
  }

  /** In the words of the axis's ticks, which may be in other units than the places. */
  function placeInWords(axis, x) {
    if (isOfNames(axis)) return axis.ticks.find((tick) => tick.at === Math.round(x))?.text ?? "";
    const numbers = axis.ticks.map((tick) => [tick.at, Number(tick.text.replace(/−/g, "-"))]);
    if (numbers.length < 2 || numbers.some(([, value]) => Number.isNaN(value))) return number(x);
    let index = numbers.findIndex(([at]) => at >= x);
    if (index < 0) index = numbers.length - 1;
    index = Math.max(index, 1);
    const [[x0, v0], [x1, v1]] = [numbers[index - 1], numbers[index]];
    return number(v0 + ((v1 - v0) * (x - x0)) / (x1 - x0));
  }

  function crosshair(root, chart, plane) {
    if (!chart.x.ticks.length || chart.marks.some((mark) => mark.kind === "cells" || mark.kind === "graph")) return;
    const [top, bottom] = [plane.top, plane.top + plane.height];
    const rule = svg(root, "path", { class: "rule", d: "", visibility: "hidden" });
    root.addEventListener("pointermove", (event) => {
      const box = root.getBoundingClientRect();
      const at = ((event.clientX - box.left) / box.width) * (root.viewBox.baseVal.width || box.width);
      if (at < plane.left || at > plane.left + plane.width || event.target.classList.contains("dots")) {
        rule.setAttribute("visibility", "hidden");
        if (!event.target.classList.contains("dots")) hide();
        return;
      }
      const x = plane.valueAt(at);
      const lines = valuesAt(chart, x);
      rule.setAttribute("d", `M${px(at)} ${top}V${bottom}`);
      rule.setAttribute("visibility", "visible");
      const place = placeInWords(chart.x, x);
      show([[chart.x.label, place].filter(Boolean).join(": "), ...lines].filter(Boolean), event.clientX, event.clientY);
    });
    root.addEventListener("pointerleave", () => {
      rule.setAttribute("visibility", "hidden");
      hide();
    });
  }

  // --- A chart -------------------------------------------------------------------------------------------------------

  function legend(parent, chart) {
    const entries = [];
    for (const mark of chart.marks) {
      if (mark.kind === "gaussians") for (const curve of mark.curves) entries.push([curve.name, series(curve.series), ""]);
      else if (mark.kind === "histogram") entries.push([mark.name, "histogram", " block"]);
      else if (mark.kind === "dots" && mark.name) entries.push([mark.name, series(mark.series), " round"]);
      else if (mark.name) entries.push([mark.name, series(mark.series), mark.dashed ? " dashed" : ""]);
    }
    const named = entries.filter(([name]) => name);
    if (!named.length) return;
    const list = html(parent, "ul", "legend");
    for (const [name, className, more] of named) {
      const item = html(list, "li");
      html(item, "i", `key ${className}${more}`);
      html(item, "span", "", shortened(name, 60));
    }
  }

  let charts = 0;
  /** What draws each chart anew where its width has changed. */
  const fillers = new Map();

  // Paper has a width of its own, which no observer is told of in time.
  function fillAll(printing) {
    document.body.classList.toggle("printing", printing);
    for (const [figure, fill] of fillers) {
      if (figure.isConnected) fill();
      else fillers.delete(figure);
    }
  }
  window.addEventListener("beforeprint", () => fillAll(true));
  window.addEventListener("afterprint", () => fillAll(false));

  /**
   * Puts a chart into `parent`. Options: `onNeuron(id)`, called when a node that stands for a neuron is chosen;
   * `chosen()`, the one that is; `plain`, without title and legend, as a part of a text.
   */
  function draw(parent, chart, options = {}) {
    const figure = html(parent, options.plain ? "span" : "figure", "chart");
    figure.dataset.chart = chart.id;
    if (!options.plain) {
      html(figure, "figcaption", "", chart.title).dir = "auto";
      legend(figure, chart);
    }
    charts += 1;
    const id = `clip-${charts}`;
    const root = svg(figure, "svg", { role: "group", "aria-label": `${chart.title}. ${chart.description}` });
    let drawn = 0;
    const fill = () => {
      const width = Math.floor(figure.clientWidth);
      if (width < 20 || width === drawn) return;
      drawn = width;
      const fresh = root.cloneNode(false);
      figure.querySelector("svg").replaceWith(fresh);
      const plane = planeOf(chart, width);
      fresh.setAttribute("viewBox", `0 0 ${width} ${plane.total}`);
      fresh.setAttribute("height", plane.total);
      const clip = svg(fresh, "clipPath", { id });
      svg(clip, "rect", { x: plane.left, y: plane.top, width: plane.width, height: plane.height });
      axes(fresh, chart, plane);
      for (const mark of chart.marks) drawMark(fresh, plane, mark, chart, options, `url(#${id})`);
      crosshair(fresh, chart, plane);
    };
    fill();
    fillers.set(figure, fill);
    new ResizeObserver(fill).observe(figure);
    return figure;
  }

  return { draw, html };
})();
