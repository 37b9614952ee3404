
/* 1 for a word for true, 0 for one for false, in any case; NaN for others. */
static double truth_of(const char *text) {
  static const char *const words[] = {"false", "true", "f", "t", "no", "yes", "n", "y", "0", "1", "0.0", "1.0"};
  for (int word = 0; text != NULL && word < 12; word++) {
    const char *one = text, *other = words[word];
    while (*other != '\0' && (*one >= 'A' && *one <= 'Z' ? *one - 'A' + 'a' : *one) == *other) one++, other++;
    if (*other == '\0' && *one == '\0') return word % 2;
  }
  return NAN;
}
