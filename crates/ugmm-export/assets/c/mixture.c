
struct unit {
  int first, count; /* its components */
  double mean, deviation;
};
