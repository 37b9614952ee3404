
/* Halves of finite numbers have a finite difference. */
static double on_line(double value, double mean, double deviation) {
  return (float)clamp((value * 0.5 - mean * 0.5) / (deviation * 0.5), -LARGEST_INPUT, LARGEST_INPUT);
}
