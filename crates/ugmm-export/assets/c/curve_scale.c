
/* The curve through points, constant beyond the first and the last. */
static double on_curve(double value, const double *values, const double *scores, int count) {
  int next = 0;
  double share;
  if (isnan(value)) return value;
  while (next < count && values[next] <= value) next++;
  if (next == 0) return (float)scores[0];
  if (next == count) return (float)scores[count - 1];
  share = (value * 0.5 - values[next - 1] * 0.5) / (values[next] * 0.5 - values[next - 1] * 0.5);
  return (float)(scores[next - 1] + share * (scores[next] - scores[next - 1]));
}
