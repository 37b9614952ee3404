
static double centre(int cell, const double *shares, double at_low) {
  double part = cell == 0 && at_low > 0.0 ? 0.5 * (1.0 - at_low / shares[0]) : 0.5;
  return edges[cell] + part * (edges[cell + 1] - edges[cell]);
}

/* Fills a prediction from the probabilities of the possible cells. */
static void of_cells(const double *shares, double at_low, struct ugmm_prediction *prediction) {
  static const double probabilities[3] = {0.05, 0.5, 0.95};
  int from = 0, to = POSSIBLE;
  double total = 1.0, inside = 0.0, mean = 0.0, variance = 0.0;
  for (int cell = USUAL_FROM; cell < USUAL_TO; cell++) inside += shares[cell];
  if (HAS_TAILS && inside > 0.95) from = USUAL_FROM, to = USUAL_TO, total = inside;
  for (int cell = from; cell < to; cell++) mean += shares[cell] / total * centre(cell, shares, at_low);
  for (int cell = from; cell < to; cell++) {
    double distance = centre(cell, shares, at_low) - mean, width = edges[cell + 1] - edges[cell];
    variance += shares[cell] / total * (distance * distance + width * width / 12.0);
  }
  prediction->mean = mean;
  prediction->deviation = sqrt(variance);
  for (int i = 0; i < 3; i++) {
    prediction->quantiles[i] = quantile(edges, shares, POSSIBLE, at_low, probabilities[i]);
  }
}
