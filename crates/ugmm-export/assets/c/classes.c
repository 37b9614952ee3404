
/* Fills a prediction from the logarithms of the probabilities, and what is added to them for the decision. */
static void of_classes(const double *logs, const double *decision, struct ugmm_prediction *prediction) {
  int best = 0;
  prediction->entropy = 0.0;
  for (int i = 0; i < UGMM_CLASSES; i++) {
    double probability = exp(logs[i]);
    prediction->probabilities[i] = probability;
    if (probability > 0.0) prediction->entropy -= probability * logs[i];
    if (logs[i] + decision[i] > logs[best] + decision[best]) best = i;
  }
  if (prediction->entropy < 0.0) prediction->entropy = 0.0;
  prediction->label = best;
}
