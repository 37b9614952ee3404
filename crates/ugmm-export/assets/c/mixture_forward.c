
/* The output of the network for each alternative, or its outputs if there is one alternative. */
static void forward(const double *features, double *scores) {
  static const int last = LAYERS - 1;
  double shared[WIDEST], one[WIDEST], other[WIDEST], seen[WIDEST];
  int missing = 0;
  for (int i = 0; i < FEATURES; i++) missing |= isnan(features[i]);
  for (int neuron = 0; neuron < layers[0].outputs; neuron++) {
    shared[neuron] = components(&layers[0], neuron, 0, FEATURES, features);
    seen[neuron] = MISSING_VALUES && missing ? weight_seen(0, neuron, FEATURES, features) : 1.0;
  }
  for (int alternative = 0; alternative < ALTERNATIVES; alternative++) {
    double *x = one, *y = other;
    for (int index = 0; index < LAYERS; index++) {
      const struct layer *layer = &layers[index];
      int unknown = 0;
      for (int i = 0; index > 0 && i < layer->inputs; i++) unknown |= isnan(x[i]);
      for (int neuron = 0; neuron < layer->outputs; neuron++) {
        double all = 1.0;
        if (index > 0) {
          y[neuron] = components(layer, neuron, 0, layer->inputs, x);
          if (MISSING_VALUES && unknown) all = weight_seen(index, neuron, layer->inputs, x);
        } else {
          const double *more = alternatives + (size_t)alternative * MORE;
          y[neuron] = shared[neuron];
          if (MORE > 0) y[neuron] = log_add(shared[neuron], components(layer, neuron, FEATURES, FEATURES + MORE, more));
          all = seen[neuron];
          for (int i = 0; MISSING_VALUES && missing && i < MORE; i++) {
            all += weights[0][(size_t)neuron * (size_t)layer->inputs + (size_t)(FEATURES + i)];
          }
        }
        y[neuron] = clamp(y[neuron], -FLT_MAX, FLT_MAX);
        if (MISSING_VALUES && (index > 0 ? unknown : missing)) y[neuron] = all > 0.0 ? y[neuron] - log(all) : NAN;
      }
      x = y;
      y = x == one ? other : one;
    }
    if (MISSING_VALUES) {
      /* An unknown output becomes the mean of the known ones. */
      double sum = 0.0;
      int known = 0;
      for (int i = 0; i < layers[last].outputs; i++) {
        if (!isnan(x[i])) sum += x[i], known++;
      }
      for (int i = 0; i < layers[last].outputs; i++) {
        if (isnan(x[i])) x[i] = known > 0 ? sum / known : 0.0;
      }
    }
    for (int i = 0; i < layers[last].outputs; i++) scores[alternative * layers[last].outputs + i] = x[i];
  }
}
