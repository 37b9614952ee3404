
/* The weight of the components of a neuron that see a value. */
static double weight_seen(int layer, int neuron, int inputs, const double *x) {
  const double *own = weights[layer] + (size_t)neuron * (size_t)layers[layer].inputs;
  double sum = 0.0;
  for (int i = 0; i < inputs; i++) if (!isnan(x[i])) sum += own[i];
  return sum;
}
