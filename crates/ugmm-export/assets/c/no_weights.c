
/* The network is not used for rows with missing values. */
static const double *const weights[1] = {NULL};
static double weight_seen(int layer, int neuron, int inputs, const double *x) {
  (void)layer, (void)neuron, (void)inputs, (void)x;
  return 1.0;
}
