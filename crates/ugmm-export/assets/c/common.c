static double largest_of(const double *values, int count) {
  double largest = -INFINITY;
  for (int i = 0; i < count; i++) if (values[i] > largest) largest = values[i];
  return largest;
}

static double log_sum_exp(const double *values, int count) {
  double largest = largest_of(values, count), sum = 0.0;
  if (largest == -INFINITY) return largest;
  for (int i = 0; i < count; i++) sum += exp(values[i] - largest);
  return largest + log(sum);
}
