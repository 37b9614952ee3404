
// ---- contributions ----

const SMALL_CHANGE = 1e-4;
const EXPLAINED_CELLS = 32;

const growth = (change) => (Math.abs(change) < 1e-9 ? 1 + 0.5 * change : change / -Math.expm1(-change));
const logAdd = (a, b) => (Math.max(a, b) === -Infinity ? -Infinity : Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b))));

// The terms of a neuron for inputs from `first` on, relative to the largest, its logarithm, and their sum.
function relativeTerms(layer, neuron, first, x) {
  const terms = x.map((value, place) => (Number.isNaN(value) ? -Infinity : exponent(layer, neuron * layer.inputs + first + place, value)));
  const largest = Math.max(-Infinity, ...terms);
  const relative = terms.map((term) => (term === -Infinity ? 0 : Math.exp(term - largest)));
  return { relative, largest, sum: relative.reduce((sum, value) => sum + value, 0) };
}

// The factor of the change of each input from `base` to `x` in the total change, from those of the neurons.
function factorsBelow(layer, factors, x, base) {
  const below = new Float64Array(x.length);
  const derivatives = new Float64Array(x.length);
  factors.forEach((factor, neuron) => {
    if (factor === 0) return;
    const here = relativeTerms(layer, neuron, 0, x);
    const there = relativeTerms(layer, neuron, 0, base);
    const change = here.largest + Math.log(here.sum) - there.largest - Math.log(there.sum);
    const [gain, loss] = [factor * growth(change), factor * growth(-change)];
    x.forEach((value, input) => {
      const at = neuron * layer.inputs + input;
      below[input] += (gain * here.relative[input]) / here.sum - (loss * there.relative[input]) / there.sum;
      derivatives[input] -= ((factor * here.relative[input]) / here.sum) * (value - layer.means[at]) * layer.precisions[at] ** 2;
    });
  });
  return below.map((value, input) => {
    const change = x[input] - base[input];
    if (Number.isNaN(change)) return 0;
    return Math.abs(change) <= SMALL_CHANGE * Math.max(Math.abs(x[input]), 1) ? derivatives[input] : value / change;
  });
}

// The place of a predicted number in the network's units.
function networkPlace(head, number) {
  const cell = clamp(countUpTo(head.edges, number) - 1, 0, head.edges.length - 2);
  const part = clamp((number - head.edges[cell]) / (head.edges[cell + 1] - head.edges[cell]), 0, 1);
  const own = cell === 0 && head.below !== null ? head.below + part * (1 - head.below) : part;
  const [low, high] = head.range;
  return low + ((head.first + cell + own) * (high - low)) / head.nodes.length;
}

/** How much each column speaks for the prediction compared with an average row, in nats by column: the sum is the change of
 * the logarithm of the predicted class's probability, or of that of the part of the range with the predicted number. Only for
 * networks of mixtures; null for others, and for a row without the values that the model needs. */
export function contributions(row) {
  const network = MODEL.body.network;
  const { values } = encode(row);
  if (!network || network.layers[0].linear || !isUsable(values)) return null;
  const x = inputsOf(network, values);
  const base = x.map((value, input) => (Number.isNaN(value) ? NaN : network.average[input]));
  const [classes, number] = [network.head.classes, network.head.number];
  let [others, chosen, temperature, logsOf] = [alternativesOf(network.head), 0, 1, logSoftmax];
  if (number) {
    const [low, high] = number.range;
    const width = (high - low) / EXPLAINED_CELLS;
    const place = networkPlace(number, predict(row).mean);
    chosen = clamp(Math.floor((place - low) / width), 0, EXPLAINED_CELLS - 1);
    others = Array.from({ length: EXPLAINED_CELLS }, (_, cell) => [cell === chosen ? place : low + (cell + 0.5) * width]);
  } else {
    temperature = classes.temperature;
    logsOf = (scores) => classLogs(classes, scores);
  }
  const [here, there] = [activations(network, x, others), activations(network, base, others)];
  const [scores, before] = [scoresOf(here.at(-1)), scoresOf(there.at(-1))];
  const [logs, logsBefore] = [logsOf(scores), logsOf(before)];
  if (classes) chosen = decided(classes, logs);
  const ofScore = (place) => (scores[place] - before[place]) / temperature;
  const ofSum = ofScore(chosen) - (logs[chosen] - logsBefore[chosen]);
  const [gain, loss] = [growth(ofSum), growth(-ofSum)];
  const own = scores.map((_, place) => {
    const change = ofScore(place);
    const now = Math.exp(logs[place]);
    const inSum = Math.abs(change) <= SMALL_CHANGE ? now : (now * gain - Math.exp(logsBefore[place]) * loss) / change;
    return ((place === chosen ? 1 : 0) - inSum) / temperature;
  });
  let factors = others.length > 1 ? own.map((factor) => [factor]) : [own];
  for (let index = network.layers.length - 1; index > 0; index--) {
    factors = factors.map((of, copy) => Array.from(factorsBelow(network.layers[index].mixture, of, Array.from(here[index][copy]), Array.from(there[index][copy]))));
  }
  const layer = network.layers[0].mixture;
  const divided = new Float64Array(x.length);
  for (let neuron = 0; neuron < layer.neurons; neuron++) {
    const [now, then] = [relativeTerms(layer, neuron, 0, x), relativeTerms(layer, neuron, 0, base)];
    let [gain, loss] = [0, 0];
    others.forEach((more, copy) => {
      const factor = factors[copy][neuron];
      if (factor === 0) return;
      const rest = relativeTerms(layer, neuron, x.length, more);
      const [y, before] = [now, then].map(({ largest, sum }) => logAdd(largest + Math.log(sum), rest.largest + Math.log(rest.sum)));
      gain += factor * growth(y - before) * Math.exp(now.largest - y);
      loss += factor * growth(before - y) * Math.exp(then.largest - before);
    });
    divided.forEach((_, input) => (divided[input] += gain * now.relative[input] - loss * then.relative[input]));
  }
  const result = {};
  let input = 0;
  network.inputs.forEach((encoding, column) => {
    const width = encoding.number ? 1 : encoding.states[0].length;
    let sum = 0;
    for (let place = 0; place < width; place++, input++) sum += Number.isFinite(divided[input]) ? divided[input] : 0;
    result[MODEL.columns[column].name] = sum;
  });
  return result;
}
