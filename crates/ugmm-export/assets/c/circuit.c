
struct region {
  int variable; /* -1 unless it is a leaf */
  int units, offset, depends;
  int components;           /* of a leaf of Gaussians; 0 otherwise */
  const double *means, *precisions, *peaks;
  const double *logs;       /* of a table: states, units */
  const int *partitions;    /* number of partitions, then for each the number of its children and their regions */
  int width;
  const double *weights;    /* units, width: logarithms */
};
