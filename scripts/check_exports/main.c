/* Reads rows, values separated by tabs, from standard input, and prints the predictions of MODEL and the seconds that they take. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include MODEL

static char line[1 << 20];

static char *next(char **rest) {
  char *field = *rest, *end = field + strcspn(field, "\t\n");
  *rest = *end == '\0' ? end : end + 1;
  *end = '\0';
  return field;
}

#define READ_NUMBER(field, name) row.field = strtod(next(&rest), NULL);
#define READ_TEXT(field, name) row.field = next(&rest);

int main(void) {
  double seconds = 0.0;
  while (fgets(line, sizeof line, stdin) != NULL) {
    char *rest = line;
    struct ugmm_row row;
    struct ugmm_prediction found;
    clock_t start;
    int known;
    UGMM_FIELDS(READ_NUMBER, READ_TEXT)
    start = clock();
    known = ugmm_predict(&row, &found);
    seconds += (double)(clock() - start) / CLOCKS_PER_SEC;
    if (!known) {
      puts("none");
      continue;
    }
#ifdef UGMM_CLASSES
    printf("label\t%s\tentropy\t%.17g", ugmm_classes[found.label], found.entropy);
    for (int i = 0; i < UGMM_CLASSES; i++) printf("\tprobability\t%.17g", found.probabilities[i]);
#endif
#ifdef NUMBER
    printf("mean\t%.17g\tdeviation\t%.17g", found.mean, found.deviation);
    printf("\t5 %%\t%.17g\tmedian\t%.17g\t95 %%\t%.17g", found.quantiles[0], found.quantiles[1], found.quantiles[2]);
#endif
#ifdef DENSITY
    printf("\tlog-likelihood\t%.17g", found.log_likelihood);
#endif
    putchar('\n');
  }
  fprintf(stderr, "%g\n", seconds);
  return 0;
}
