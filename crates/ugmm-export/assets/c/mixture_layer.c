
/* Neurons log(sum of weight * normal density): y of each neuron; see the README of ugmm. */
struct layer {
  int inputs, outputs;
  const float *means;
  const double *precisions; /* 1 / sigma */
  const double *peaks;      /* log weight - log sigma - log(2 pi) / 2 */
};

/* log of the sum over the components of some inputs of a neuron; those of missing inputs are left out. */
static double components(const struct layer *layer, int neuron, int from, int to, const double *x) {
  size_t at = (size_t)neuron * (size_t)layer->inputs + (size_t)from;
  double largest = -INFINITY, sum = 0.0;
  for (int i = 0; i < to - from; i++, at++) {
    double z, term;
    if (isnan(x[i])) continue;
    z = clamp((x[i] - layer->means[at]) * layer->precisions[at], -1e150, 1e150);
    term = layer->peaks[at] - 0.5 * z * z;
    if (term == -INFINITY) continue;
    if (term > largest) {
      sum = sum * exp(largest - term) + 1.0;
      largest = term;
    } else {
      sum += exp(term - largest);
    }
  }
  return sum > 0.0 ? largest + log(sum) : -INFINITY;
}

static double log_add(double a, double b) {
  double large = a > b ? a : b, small = a > b ? b : a;
  return small == -INFINITY ? large : large + log1p(exp(small - large));
}
