// What computes predictions from MODEL, in double precision. A row is an object with a property for each column.

const HALF_LOG_TWO_PI = 0.9189385332046727;
const DROPPED = -1e30; // The logit of a component without weight.
const QUANTILES = [0.05, 0.5, 0.95];

// JSON has no infinities.
const numbers = (list) => Float64Array.from(list, (value) => (value === null ? -Infinity : value));

// Numbers of single precision are written with as few digits as tell them apart.
const singles = (list) => Float64Array.from(list, Math.fround);

function logSumExp(values) {
  let largest = -Infinity;
  for (const value of values) if (value > largest) largest = value;
  if (largest === -Infinity) return largest;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - largest);
  return largest + Math.log(sum);
}

function logSoftmax(scores) {
  const all = logSumExp(scores);
  return Array.from(scores, (score) => score - all);
}

// The number of entries of an ascending list that are at most x.
function countUpTo(list, x) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

// ---- columns ----

const WORDS = { true: 1, t: 1, yes: 1, y: 1, false: 0, f: 0, no: 0, n: 0 };

function truth(text) {
  const word = WORDS[text.toLowerCase()];
  if (word !== undefined) return word;
  const number = text === "" ? NaN : Number(text);
  return number === 0 || number === 1 ? number : NaN;
}

// Days since 1970-01-01 of a date such as 2024-02-29, 2024-02 or 2024-02-29T12:30, in universal time.
function days(text) {
  const parts = /^(\d{4})-(\d{1,2})(?:-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?)?)?$/.exec(text);
  if (!parts) return NaN;
  const [year, month, day, hour, minute, second] = parts.slice(1).map((part) => (part === undefined ? 0 : Number(part)));
  return Date.UTC(year, month - 1, day || 1) / 864e5 + hour / 24 + minute / 1440 + second / 86400;
}

const isMissing = (value) => value === undefined || value === null || value === "" || Number.isNaN(value);

// A level of a category as its place, after which come those of a missing and of an unknown text.
function levelOf(column, value) {
  const levels = column.states.levels;
  if (isMissing(value) || String(value).trim() === "") return levels.length;
  const text = String(value).trim();
  if (column.kind === "truth") {
    const found = truth(text);
    return Number.isNaN(found) ? levels.length + 1 : found;
  }
  if (column.places === undefined) {
    column.places = new Map(levels.map((level, place) => [level.text, place]));
    column.numbers = new Map();
    for (const [text, place] of column.places) if (text !== "" && !Number.isNaN(Number(text))) column.numbers.set(Number(text), place);
    const truths = levels.map((level) => truth(level.text));
    column.truths = levels.length === 2 && truths[0] + truths[1] === 1 ? truths : null;
  }
  const exact = column.places.get(text);
  if (exact !== undefined) return exact;
  const number = column.numbers.get(Number(text));
  if (number !== undefined) return number;
  const word = column.truths ? column.truths.indexOf(truth(text)) : -1;
  return word >= 0 ? word : levels.length + 1;
}

// The values of a row: numbers and indices of states, NaN where one is missing; and the logarithm of the shares of rare levels.
function encode(row) {
  let logShare = 0;
  const values = MODEL.columns.map((column) => {
    const value = row[column.name];
    if (column.states) {
      const { levels, unseen } = column.states;
      const place = levelOf(column, value);
      if (place === levels.length) return NaN;
      if (place > levels.length) return unseen === null ? NaN : unseen;
      logShare += levels[place].log_share === null ? -Infinity : levels[place].log_share;
      return levels[place].state;
    }
    if (isMissing(value)) return NaN;
    if (value instanceof Date) return value.getTime() / 864e5;
    if (typeof value === "string" && column.kind !== "number") return days(value.trim());
    return Number(value);
  });
  return { values, logShare };
}

// ---- networks ----

function scaled(scale, value) {
  if (scale.linear) return (value * 0.5 - scale.linear.mean * 0.5) / (scale.linear.deviation * 0.5);
  const { values, scores } = scale.curve;
  if (Number.isNaN(value)) return NaN;
  const next = countUpTo(values, value);
  if (next === 0) return scores[0];
  if (next === values.length) return scores[next - 1];
  const share = (value * 0.5 - values[next - 1] * 0.5) / (values[next] * 0.5 - values[next - 1] * 0.5);
  return scores[next - 1] + share * (scores[next] - scores[next - 1]);
}

const clamp = (value, low, high) => (value < low ? low : value > high ? high : value);

function inputsOf(network, values) {
  prepare(network);
  const inputs = [];
  network.inputs.forEach((encoding, column) => {
    const value = values[column];
    if (encoding.number) {
      inputs.push(Math.fround(clamp(scaled(encoding.number, value), -network.largest_input, network.largest_input)));
    } else {
      const states = encoding.states;
      inputs.push(...(Number.isNaN(value) ? states[0].map(() => NaN) : states[Math.min(value, states.length - 1)]));
    }
  });
  return inputs;
}

// Numbers in single precision; weights, peaks and precisions of the components of layers.
function prepare(network) {
  if (network.prepared) return;
  const { number, classes } = network.head;
  if (number) number.nodes = Array.from(singles(number.nodes));
  if (classes && classes.labels) classes.labels = classes.labels.map((label) => Array.from(singles(label)));
  for (const encoding of network.inputs) if (encoding.states) encoding.states = encoding.states.map((state) => Array.from(singles(state)));
  network.average = singles(network.average);
  for (const { mixture, linear } of network.layers) {
    if (linear) {
      for (const lists of [linear, linear.norm || {}]) {
        for (const [name, list] of Object.entries(lists)) if (Array.isArray(list)) lists[name] = singles(list);
      }
      continue;
    }
    const { inputs, neurons } = mixture;
    const [logits, logSigmas] = [singles(mixture.logits), singles(mixture.log_sigmas)];
    mixture.logWeights = new Float64Array(inputs * neurons);
    mixture.peaks = new Float64Array(inputs * neurons);
    mixture.precisions = Float64Array.from(logSigmas, (log) => Math.exp(-log));
    mixture.means = singles(mixture.means);
    for (let neuron = 0; neuron < neurons; neuron++) {
      let own = logits.slice(neuron * inputs, (neuron + 1) * inputs);
      if (own.some((logit) => logit > DROPPED)) own = own.map((logit) => (logit <= DROPPED ? -Infinity : logit));
      logSoftmax(own).forEach((log, input) => {
        const at = neuron * inputs + input;
        mixture.logWeights[at] = log;
        mixture.peaks[at] = log - logSigmas[at] - HALF_LOG_TWO_PI;
      });
    }
  }
  network.prepared = true;
}

function exponent(layer, at, x) {
  const z = clamp((x - layer.means[at]) * layer.precisions[at], -1e150, 1e150);
  return layer.peaks[at] - 0.5 * z * z;
}

const saturated = (value) => clamp(value, -3.4028234663852886e38, 3.4028234663852886e38);

// The activations of a layer for each of several rows that begin with the same inputs x; the rest of each row is in `others`.
function mixtures(layer, x, others, missingValues) {
  const { inputs, neurons, logWeights } = layer;
  const results = others.map(() => new Float64Array(neurons));
  const someMissing = missingValues && x.some(Number.isNaN);
  const exponents = new Float64Array(x.length);
  for (let neuron = 0; neuron < neurons; neuron++) {
    const first = neuron * inputs;
    let largest = -Infinity;
    let seen = 0;
    for (let input = 0; input < x.length; input++) {
      const missing = Number.isNaN(x[input]);
      exponents[input] = missing ? -Infinity : exponent(layer, first + input, x[input]);
      if (someMissing && !missing) seen += Math.exp(logWeights[first + input]);
      if (exponents[input] > largest) largest = exponents[input];
    }
    let shared = 0;
    if (largest > -Infinity) for (const value of exponents) shared += Math.exp(value - largest);
    const log = shared > 0 ? largest + Math.log(shared) : -Infinity;
    others.forEach((more, copy) => {
      let all = seen;
      let y = log;
      if (more.length > 0) {
        const terms = [log];
        more.forEach((number, place) => {
          terms.push(exponent(layer, first + x.length + place, number));
          if (someMissing) all += Math.exp(logWeights[first + x.length + place]);
        });
        y = logSumExp(terms);
      }
      y = saturated(y);
      if (someMissing) y = all > 0 ? y - Math.log(all) : NaN;
      results[copy][neuron] = y;
    });
  }
  return results;
}

function linear(layer, row) {
  const { outputs, weight, bias, norm, relu } = layer;
  const y = Float64Array.from(bias);
  row.forEach((value, input) => {
    for (let output = 0; output < outputs; output++) y[output] += value * weight[input * outputs + output];
  });
  for (let output = 0; output < outputs; output++) {
    if (norm) y[output] = (y[output] - norm.means[output]) * norm.factors[output] * norm.gamma[output] + norm.beta[output];
    if (relu && y[output] < 0) y[output] = 0;
  }
  return y;
}

// The activations of all layers for each alternative, inputs first.
function activations(network, x, others) {
  let rows = others.map((more) => [...x, ...more]);
  const all = [rows];
  network.layers.forEach((layer, index) => {
    if (layer.linear) rows = rows.map((row) => linear(layer.linear, row));
    else if (index === 0) rows = mixtures(layer.mixture, x, others, network.missing_values);
    else rows = rows.map((row) => mixtures(layer.mixture, row, [[]], network.missing_values)[0]);
    all.push(rows);
  });
  if (network.missing_values) rows.forEach(fillUnknown);
  return all;
}

// Replaces unknown outputs by the mean of the known ones.
function fillUnknown(row) {
  const known = row.filter((value) => !Number.isNaN(value));
  const mean = known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : 0;
  row.forEach((value, place) => {
    if (Number.isNaN(value)) row[place] = mean;
  });
}

// One score for each alternative.
const scoresOf = (rows) => (rows.length > 1 ? rows.map((row) => row[0]) : Array.from(rows[0]));

function classLogs(head, scores) {
  return logSoftmax(scores.map((score, place) => score / head.temperature + head.offsets[place]));
}

function decided(head, logs) {
  let best = 0;
  logs.forEach((log, place) => {
    if (log + head.decision[place] > logs[best] + head.decision[best]) best = place;
  });
  return best;
}

function ofClasses(names, logs, best) {
  const probabilities = {};
  let entropy = 0;
  logs.forEach((log, place) => {
    const probability = Math.exp(log);
    probabilities[names[place]] = probability;
    if (probability > 0) entropy -= probability * log;
  });
  return { label: names[best], probabilities, entropy: Math.max(entropy, 0) };
}

// ---- numbers ----

class Cells {
  constructor(edges, shares, atLow) {
    Object.assign(this, { edges, shares, atLow });
  }

  quantile(probability) {
    let below = 0;
    for (let cell = 0; cell < this.shares.length; cell++) {
      const share = this.shares[cell];
      if (share > 0 && below + share >= probability) {
        const atLow = cell === 0 ? this.atLow : 0;
        const part = clamp((probability - below - atLow) / Math.max(share - atLow, 2.2e-308), 0, 1);
        return this.edges[cell] + part * (this.edges[cell + 1] - this.edges[cell]);
      }
      below += share;
    }
    return this.edges[this.shares.length];
  }

  // Probabilities of equal cells after the density is stretched about its median.
  stretched(factor) {
    const { edges, shares } = this;
    const count = shares.length;
    const median = this.quantile(0.5);
    const width = (edges[count] - edges[0]) / count;
    const before = [0];
    shares.forEach((share, cell) => before.push(before[cell] + share));
    const cumulative = (y) => {
      const place = clamp((y - edges[0]) / width, 0, count);
      const cell = Math.min(Math.floor(place), count - 1);
      return Math.min(before[cell] + shares[cell] * (place - cell), 1);
    };
    const at = edges.map((edge) => cumulative(median + (edge - median) / factor));
    const kept = Math.max(at[count] - at[0], 2.2e-308);
    const wide = shares.map((share, cell) => Math.max((at[cell + 1] - at[cell]) / kept, 1e-3 * share));
    const sum = wide.reduce((sum, share) => sum + share, 0);
    return wide.map((share) => share / sum);
  }

  moments(usual) {
    const { edges, shares, atLow } = this;
    let [from, to, total] = [0, shares.length, 1];
    if (usual) {
      const inside = shares.slice(usual[0], usual[1]).reduce((sum, share) => sum + share, 0);
      if (inside > 0.95) [from, to, total] = [usual[0], usual[1], inside];
    }
    const centre = (cell) => {
      const part = cell === 0 && atLow > 0 ? 0.5 * (1 - atLow / shares[0]) : 0.5;
      return edges[cell] + part * (edges[cell + 1] - edges[cell]);
    };
    let mean = 0;
    for (let cell = from; cell < to; cell++) mean += (shares[cell] / total) * centre(cell);
    let variance = 0;
    for (let cell = from; cell < to; cell++) {
      variance += (shares[cell] / total) * ((centre(cell) - mean) ** 2 + (edges[cell + 1] - edges[cell]) ** 2 / 12);
    }
    return { mean, deviation: Math.sqrt(variance) };
  }
}

function ofCells(head, scores) {
  const count = head.nodes.length;
  let shares = logSoftmax(scores).map(Math.exp);
  if (head.spread !== null) {
    const [low, high] = head.range;
    const edges = Array.from({ length: count + 1 }, (_, cell) => low + (cell * (high - low)) / count);
    shares = new Cells(edges, shares, 0).stretched(head.spread);
  }
  let atLow = 0;
  if (head.below !== null) {
    const before = shares.slice(0, head.first).reduce((sum, share) => sum + share, 0);
    atLow = before + shares[head.first] * head.below;
    shares = shares.slice(head.first);
    shares[0] += before;
  }
  const cells = new Cells(head.edges, shares, atLow);
  const quantiles = QUANTILES.map((probability) => cells.quantile(probability));
  return { ...cells.moments(head.usual), quantiles, edges: head.edges, shares };
}

// ---- circuits ----

// The value of a variable: standard units or an index of tables, NaN where it is missing, null where it is impossible.
function variableValue(variable, value) {
  if (Number.isNaN(value) || variable.states) return value;
  if (variable.continuous) {
    const { location, scale, low, high } = variable.continuous;
    const outside = (low !== null && value < low) || (high !== null && value > high);
    return outside ? null : (value - location) / scale;
  }
  const round = (number) => (number < 0 ? Math.ceil(number - 0.5) : Math.floor(number + 0.5));
  if (variable.whole) {
    const { low, high, floor } = variable.whole;
    const whole = floor ? Math.floor(value) : round(value);
    return whole < low || whole > high ? null : whole - low;
  }
  const byte = round(value * 255);
  return Math.abs(value * 255 - byte) >= 0.02 || byte < 0 || byte > 255 ? null : byte;
}

function prepareCircuit(circuit) {
  if (circuit.prepared) return;
  const last = circuit.target === null ? -1 : circuit.variables.length - 1;
  circuit.depends = [];
  for (const region of circuit.regions) {
    const leaf = region.gaussians || region.table;
    if (region.table) region.table.logs = numbers(region.table.logs);
    if (region.gaussians) region.gaussians.peaks = numbers(region.gaussians.peaks);
    circuit.depends.push(leaf ? leaf.variable === last : region.inner.partitions.some((children) => children.some((child) => circuit.depends[child])));
  }
  circuit.alternatives = 0;
  circuit.starts = circuit.regions.map((region) => {
    const leaf = region.gaussians || region.table;
    const start = circuit.alternatives;
    if (leaf && leaf.variable === last) circuit.alternatives += leaf.units;
    return start;
  });
  if (circuit.target && circuit.target.classes) circuit.alternatives = circuit.target.classes.names.length;
  if (circuit.target && circuit.target.whole) circuit.alternatives = circuit.target.whole.count;
  circuit.prepared = true;
}

function leafValues(leaf, x) {
  const values = new Float64Array(leaf.units);
  if (Number.isNaN(x)) return values;
  if (leaf.logs) return leaf.logs.slice(x * leaf.units, (x + 1) * leaf.units);
  for (let unit = 0; unit < leaf.units; unit++) {
    const terms = [];
    for (let component = 0; component < leaf.components; component++) {
      const at = component * leaf.units + unit;
      const z = clamp((x - leaf.means[at]) * leaf.precisions[at], -1e150, 1e150);
      terms.push(leaf.peaks[at] - 0.5 * z * z);
    }
    values[unit] = logSumExp(terms);
  }
  return values;
}

function innerValues({ units, partitions, weights }, values) {
  const products = [];
  for (const children of partitions) {
    const product = Array.from(values[children[0]]);
    for (const child of children.slice(1)) values[child].forEach((value, place) => (product[place] += value));
    products.push(...product);
  }
  const result = new Float64Array(units);
  for (let unit = 0; unit < units; unit++) {
    const first = unit * products.length;
    result[unit] = logSumExp(products.map((product, place) => (weights[first + place] > 0 ? product + Math.log(weights[first + place]) : -Infinity)));
  }
  return result;
}

// The roots for each alternative of the target, without the shift that all of them lack.
function rootsOf(circuit, x) {
  prepareCircuit(circuit);
  const { regions, depends, starts, target } = circuit;
  const values = regions.map((region, index) => {
    const leaf = region.gaussians || region.table;
    return leaf && !depends[index] ? leafValues(leaf, x[leaf.variable]) : null;
  });
  // The largest leaf of a variable is subtracted from the others, beside which terms of other variables would be lost.
  let shift = 0;
  circuit.variables.forEach((_, variable) => {
    const own = regions.flatMap((region, index) => (region.gaussians && region.gaussians.variable === variable && values[index] ? [values[index]] : []));
    if (own.length === 0) return;
    const largest = Math.max(...own.map((list) => Math.max(...list)));
    shift += largest;
    for (const list of own) list.forEach((value, place) => (list[place] = value - largest));
  });
  const roots = [];
  for (let alternative = 0; alternative < Math.max(circuit.alternatives, 1); alternative++) {
    regions.forEach((region, index) => {
      if (alternative > 0 && !depends[index]) return;
      if (region.inner) values[index] = innerValues(region.inner, values);
      else if (depends[index]) {
        const leaf = region.gaussians || region.table;
        values[index] = target.number
          ? Float64Array.from({ length: leaf.units }, (_, unit) => (starts[index] + unit === alternative ? 0 : -Infinity))
          : leafValues(leaf, alternative);
      }
    });
    roots.push(values[values.length - 1][0]);
  }
  return { roots, shift };
}

// The standard normal distribution function, after Cody (1969).
function normal(x) {
  const ratio = (start, last, numerator, denominator) => {
    let above = last * start;
    let below = start;
    for (let place = 0; place < denominator.length - 1; place++) {
      above = (above + numerator[place]) * start;
      below = (below + denominator[place]) * start;
    }
    return (above + numerator[denominator.length - 1]) / (below + denominator[denominator.length - 1]);
  };
  const y = Math.abs(x);
  if (y < 0.67448975) {
    const numerator = [2.235252035460684, 161.02823106855587, 1067.689485460371, 18154.98125334356];
    const denominator = [47.202581904688245, 976.0985517377767, 10260.932208618979, 45507.78933502673];
    return 0.5 + x * ratio(x * x, 0.06568233791820745, numerator, denominator);
  }
  let tail = 0;
  if (y < 5.656854249492381) {
    const numerator = [0.39894151208813466, 8.883149794388377, 93.50665613217785, 597.2702763948002, 2494.5375852903726, 6848.190450536283, 11602.65143764735, 9842.714838383978];
    const denominator = [22.266688044328117, 235.387901782625, 1519.3775994075547, 6485.558298266761, 18615.571640885097, 34900.95272114598, 38912.00328609327, 19685.429676859992];
    tail = Math.exp(-0.5 * y * y) * ratio(y, 1.0765576773720192e-8, numerator, denominator);
  } else if (y < 40) {
    let fraction = y;
    for (let term = 30; term > 0; term--) fraction = y + term / fraction;
    tail = Math.exp(-0.5 * y * y - HALF_LOG_TWO_PI) / fraction;
  }
  return x < 0 ? tail : 1 - tail;
}

function ofMixture({ units, low, high }, logs) {
  const weights = logs.map(Math.exp);
  const [least, most] = [low === null ? -Infinity : low, high === null ? Infinity : high];
  let mean = 0;
  weights.forEach((weight, place) => (mean += weight * units[place].mean));
  mean = clamp(mean, least, most);
  let variance = 0;
  weights.forEach((weight, place) => (variance += weight * (units[place].deviation ** 2 + (units[place].mean - mean) ** 2)));
  const parts = weights.flatMap((weight, place) =>
    weight === 0 ? [] : units[place].weights.map((own, at) => [weight * own, units[place].means[at], units[place].sigmas[at]]),
  );
  const cumulative = (y) => {
    let sum = 0;
    for (const [weight, own, sigma] of parts) sum += weight * (normal((clamp(y, least, most) - own) / sigma) - (low === null ? 0 : normal((low - own) / sigma)));
    return sum;
  };
  const reach = (sign) => parts.map(([, own, sigma]) => own + sign * 40 * sigma);
  const ends = [Math.max(Math.min(...reach(-1)), least), Math.min(Math.max(...reach(1)), most)];
  const quantiles = QUANTILES.map((probability) => {
    let [from, to] = ends;
    for (let step = 0; step < 200; step++) {
      const middle = from + (to - from) / 2;
      if (middle <= from || middle >= to) break;
      if (cumulative(middle) < probability) from = middle;
      else to = middle;
    }
    return to;
  });
  return { mean, deviation: Math.sqrt(variance), quantiles };
}

function ofWhole({ first }, logs) {
  const shares = logs.map(Math.exp);
  let mean = 0;
  shares.forEach((share, place) => (mean += share * (first + place)));
  let variance = 0;
  shares.forEach((share, place) => (variance += share * (first + place - mean) ** 2));
  const quantiles = QUANTILES.map((probability) => {
    let sum = 0;
    for (let place = 0; place < shares.length; place++) {
      sum += shares[place];
      if (sum >= probability - 1e-12 && shares[place] > 0) return first + place;
    }
    return first + shares.length - 1;
  });
  return { mean, deviation: Math.sqrt(variance), quantiles, first, shares };
}

// ---- predictions ----

// Whether a row has the values that a prediction needs.
function isUsable(values) {
  const missing = values.filter(Number.isNaN).length;
  if (MODEL.needs === "every_value") return missing === 0;
  return MODEL.needs === "nothing" || missing < values.length;
}

const alternativesOf = (head) => (head.classes ? head.classes.labels || [[]] : head.number.nodes.map((node) => [node]));

/** The prediction for a row, an object with a property for each column: numbers, texts, dates as texts such as 2024-02-29, Date
 * objects or days since 1970-01-01; undefined, null, NaN and "" are missing. Returns null for a row without the values that the
 * model needs, else `label`, `probabilities` and `entropy`, or `mean`, `deviation` and `quantiles` (5 %, 50 %, 95 %), and of a
 * density `logLikelihood`. */
export function predict(row) {
  const { values, logShare } = encode(row);
  if (!isUsable(values)) return null;
  if (MODEL.body.network) {
    const network = MODEL.body.network;
    const rows = activations(network, inputsOf(network, values), alternativesOf(network.head)).at(-1);
    if (network.head.number) return ofCells(network.head.number, scoresOf(rows));
    const head = network.head.classes;
    const logs = classLogs(head, scoresOf(rows));
    return ofClasses(head.names, logs, decided(head, logs));
  }
  const circuit = MODEL.body.circuit;
  const x = values.map((value, place) => variableValue(circuit.variables[place], value));
  const { roots, shift } = rootsOf(circuit, x.map((value) => (value === null ? NaN : value)));
  const logLikelihood = x.includes(null) ? -Infinity : logSumExp(roots) + shift + logShare;
  const { target } = circuit;
  if (target === null) return { logLikelihood };
  const logs = logSoftmax(roots);
  if (target.number) return { ...ofMixture(target.number, logs), logLikelihood };
  if (target.whole) return { ...ofWhole(target.whole, logs), logLikelihood };
  const best = logs.indexOf(Math.max(...logs));
  return { ...ofClasses(target.classes.names, logs, best), logLikelihood };
}

/** The columns of a row: `name`, `kind` and `values`, which says in words what they can be. */
export const columns = MODEL.columns.map(({ name, kind, values }) => ({ name, kind, values }));

/** The name of the column that is predicted, or null. */
export const target = MODEL.target === null ? null : MODEL.target.name;
