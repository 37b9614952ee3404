
/* Fills a prediction from the logarithms of the probabilities of whole numbers. */
static void of_whole(const double *logs, struct ugmm_prediction *prediction) {
  static const double probabilities[3] = {0.05, 0.5, 0.95};
  double mean = 0.0, variance = 0.0;
  for (int i = 0; i < ALTERNATIVES; i++) mean += exp(logs[i]) * (FIRST + i);
  for (int i = 0; i < ALTERNATIVES; i++) variance += exp(logs[i]) * (FIRST + i - mean) * (FIRST + i - mean);
  prediction->mean = mean;
  prediction->deviation = sqrt(variance);
  for (int q = 0; q < 3; q++) {
    double sum = 0.0;
    int place = 0;
    for (; place < ALTERNATIVES - 1; place++) {
      sum += exp(logs[place]);
      if (sum >= probabilities[q] - 1e-12 && logs[place] > -INFINITY) break;
    }
    prediction->quantiles[q] = FIRST + place;
  }
}
