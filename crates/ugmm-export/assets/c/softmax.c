
static void log_softmax(double *values, int count) {
  double all = log_sum_exp(values, count);
  for (int i = 0; i < count; i++) values[i] -= all;
}
