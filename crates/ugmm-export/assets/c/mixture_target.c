
static double normal(double x) { return 0.5 * erfc(-x * 0.70710678118654752440); }

static double cumulative(const double *logs, double y) {
  double sum = 0.0;
  y = clamp(y, LOW, HIGH);
  for (int i = 0; i < ALTERNATIVES; i++) {
    double own = 0.0;
    if (logs[i] < -745.0) continue;
    for (int c = units[i].first; c < units[i].first + units[i].count; c++) {
      own += unit_weights[c] * (normal((y - unit_means[c]) / unit_sigmas[c]) - normal((LOW - unit_means[c]) / unit_sigmas[c]));
    }
    sum += exp(logs[i]) * own;
  }
  return sum;
}

/* Fills a prediction from the logarithms of the weights of the target's units. */
static void of_mixture(const double *logs, struct ugmm_prediction *prediction) {
  static const double probabilities[3] = {0.05, 0.5, 0.95};
  double mean = 0.0, variance = 0.0, least = INFINITY, most = -INFINITY;
  for (int i = 0; i < ALTERNATIVES; i++) mean += exp(logs[i]) * units[i].mean;
  mean = clamp(mean, LOW, HIGH);
  for (int i = 0; i < ALTERNATIVES; i++) {
    double distance = units[i].mean - mean;
    variance += exp(logs[i]) * (units[i].deviation * units[i].deviation + distance * distance);
    for (int c = units[i].first; c < units[i].first + units[i].count; c++) {
      if (unit_means[c] - 40.0 * unit_sigmas[c] < least) least = unit_means[c] - 40.0 * unit_sigmas[c];
      if (unit_means[c] + 40.0 * unit_sigmas[c] > most) most = unit_means[c] + 40.0 * unit_sigmas[c];
    }
  }
  prediction->mean = mean;
  prediction->deviation = sqrt(variance);
  for (int q = 0; q < 3; q++) {
    double from = clamp(least, LOW, HIGH), to = clamp(most, LOW, HIGH);
    for (int step = 0; step < 200; step++) {
      double middle = from + (to - from) / 2.0;
      if (middle <= from || middle >= to) break;
      if (cumulative(logs, middle) < probabilities[q]) from = middle;
      else to = middle;
    }
    prediction->quantiles[q] = to;
  }
}
