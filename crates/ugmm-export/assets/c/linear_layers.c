
/* The outputs of the network. */
static void forward(const double *features, double *scores) {
  double one[WIDEST], other[WIDEST];
  double *x = one, *y = other;
  for (int i = 0; i < FEATURES; i++) x[i] = features[i];
  for (int index = 0; index < LAYERS; index++) {
    const struct layer *layer = &layers[index];
    int outputs = layer->outputs;
    for (int output = 0; output < outputs; output++) {
      double sum = layer->bias[output];
      for (int i = 0; i < layer->inputs; i++) sum += x[i] * layer->matrix[(size_t)i * (size_t)outputs + (size_t)output];
      if (layer->norm != NULL) {
        const float *norm = layer->norm + output;
        sum = (sum - norm[0]) * norm[outputs] * norm[2 * outputs] + norm[3 * outputs];
      }
      y[output] = layer->relu && sum < 0.0 ? 0.0 : sum;
    }
    x = y;
    y = x == one ? other : one;
  }
  for (int i = 0; i < layers[LAYERS - 1].outputs; i++) scores[i] = x[i];
}
