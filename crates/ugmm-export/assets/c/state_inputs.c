
/* The inputs of a state; NaN for a missing one. */
static void inputs_of_state(const float *table, int count, int width, double state, double *inputs) {
  int row = isnan(state) ? 0 : state >= count ? count - 1 : (int)state;
  for (int i = 0; i < width; i++) inputs[i] = isnan(state) ? NAN : table[row * width + i];
}
