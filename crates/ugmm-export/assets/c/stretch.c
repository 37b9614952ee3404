
/* The probabilities of equal cells after the density is stretched about its median. */
static void stretch(double *shares) {
  static const double width = (RANGE_HIGH - RANGE_LOW) / CELLS;
  double range[CELLS + 1], before[CELLS + 1], at[CELLS + 1], median, kept, sum = 0.0;
  before[0] = 0.0;
  for (int cell = 0; cell <= CELLS; cell++) range[cell] = RANGE_LOW + cell * width;
  for (int cell = 0; cell < CELLS; cell++) before[cell + 1] = before[cell] + shares[cell];
  median = quantile(range, shares, CELLS, 0.0, 0.5);
  for (int edge = 0; edge <= CELLS; edge++) {
    double place = clamp((median + (range[edge] - median) / SPREAD - RANGE_LOW) / width, 0.0, CELLS);
    int cell = place >= CELLS ? CELLS - 1 : (int)place;
    at[edge] = before[cell] + shares[cell] * (place - cell);
    if (at[edge] > 1.0) at[edge] = 1.0;
  }
  kept = at[CELLS] - at[0];
  if (kept < DBL_MIN) kept = DBL_MIN;
  for (int cell = 0; cell < CELLS; cell++) {
    double wide = (at[cell + 1] - at[cell]) / kept;
    shares[cell] = wide > 1e-3 * shares[cell] ? wide : 1e-3 * shares[cell];
    sum += shares[cell];
  }
  for (int cell = 0; cell < CELLS; cell++) shares[cell] /= sum;
}
