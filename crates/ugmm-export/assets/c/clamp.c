
static double clamp(double value, double low, double high) {
  return value < low ? low : value > high ? high : value;
}
