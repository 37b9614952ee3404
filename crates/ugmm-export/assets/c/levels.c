
struct level {
  const char *text;
  int state;
  double log_share;
};

/* The state of a text; NaN for a missing one, and for an unknown one if unseen is negative. */
static double state_of(const struct level *levels, int count, int unseen, const char *text, double *log_share) {
  if (text == NULL || text[0] == '\0') return NAN;
  for (int i = 0; i < count; i++) {
    if (strcmp(levels[i].text, text) == 0) {
      *log_share += levels[i].log_share;
      return levels[i].state;
    }
  }
  return unseen < 0 ? NAN : unseen;
}
