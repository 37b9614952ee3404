
/* The number below which the probability of cells is `probability`; at_low is a point mass at the first edge. */
static double quantile(const double *edges, const double *shares, int count, double at_low, double probability) {
  double below = 0.0;
  for (int cell = 0; cell < count; cell++) {
    if (shares[cell] > 0.0 && below + shares[cell] >= probability) {
      double mass = cell == 0 ? at_low : 0.0, rest = shares[cell] - mass;
      double part = clamp((probability - below - mass) / (rest > DBL_MIN ? rest : DBL_MIN), 0.0, 1.0);
      return edges[cell] + part * (edges[cell + 1] - edges[cell]);
    }
    below += shares[cell];
  }
  return edges[count];
}
