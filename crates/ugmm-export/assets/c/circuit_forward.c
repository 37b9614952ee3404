
static void leaf(const struct region *region, double x, double *values) {
  for (int unit = 0; unit < region->units; unit++) {
    if (isnan(x)) {
      values[unit] = 0.0;
    } else if (region->components == 0) {
      values[unit] = region->logs[(size_t)x * (size_t)region->units + (size_t)unit];
    } else {
      double largest = -INFINITY, sum = 0.0;
      for (int pass = 0; pass < 2; pass++) {
        for (int component = 0; component < region->components; component++) {
          int at = component * region->units + unit;
          double z = clamp((x - region->means[at]) * region->precisions[at], -1e150, 1e150);
          double term = region->peaks[at] - 0.5 * z * z;
          if (pass == 0 && term > largest) largest = term;
          if (pass == 1) sum += exp(term - largest);
        }
      }
      values[unit] = largest + log(sum);
    }
  }
}

static void inner(const struct region *region, double *values) {
  double products[WIDEST], terms[WIDEST];
  const int *next = region->partitions;
  int count = *next++, place = 0;
  for (int partition = 0; partition < count; partition++) {
    int children = *next++, units = regions[*next].units;
    for (int unit = 0; unit < units; unit++) {
      double sum = 0.0;
      for (int child = 0; child < children; child++) sum += values[regions[next[child]].offset + unit];
      products[place++] = sum;
    }
    next += children;
  }
  for (int unit = 0; unit < region->units; unit++) {
    const double *weights = region->weights + (size_t)unit * (size_t)region->width;
    for (int i = 0; i < region->width; i++) terms[i] = products[i] + weights[i];
    values[region->offset + unit] = log_sum_exp(terms, region->width);
  }
}

/* The roots for each alternative of the target; returns the part of their logarithms that all of them lack. */
static double roots_of(const double *x, double *roots) {
  double values[VALUES], shift = 0.0;
  for (int i = 0; i < REGIONS; i++) {
    if (regions[i].variable >= 0 && !regions[i].depends) leaf(&regions[i], x[regions[i].variable], values + regions[i].offset);
  }
  /* The largest leaf of a variable is subtracted from the others, beside which terms of other variables would be lost. */
  for (int variable = 0; variable < COLUMNS; variable++) {
    double largest = -INFINITY;
    for (int pass = 0; pass < 2; pass++) {
      for (int i = 0; i < REGIONS; i++) {
        if (regions[i].variable != variable || regions[i].components == 0) continue;
        if (pass == 0) {
          double own = largest_of(values + regions[i].offset, regions[i].units);
          if (own > largest) largest = own;
        } else {
          for (int unit = 0; unit < regions[i].units; unit++) values[regions[i].offset + unit] -= largest;
        }
      }
    }
    if (largest > -INFINITY) shift += largest;
  }
  for (int alternative = 0; alternative < ALTERNATIVES; alternative++) {
    int before = 0;
    for (int i = 0; i < REGIONS; i++) {
      const struct region *region = &regions[i];
      if (region->variable < 0 && (alternative == 0 || region->depends)) inner(region, values);
      if (region->variable < 0 || !region->depends) continue;
      if (TARGET_IS_MIXTURE) {
        /* One unit of one leaf of the target, with certainty. */
        for (int unit = 0; unit < region->units; unit++) {
          values[region->offset + unit] = before + unit == alternative ? 0.0 : -INFINITY;
        }
        before += region->units;
      } else {
        leaf(region, alternative, values + region->offset);
      }
    }
    roots[alternative] = values[regions[REGIONS - 1].offset];
  }
  return shift;
}
