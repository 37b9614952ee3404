
struct layer {
  int inputs, outputs;
  const float *matrix; /* inputs, outputs */
  const float *bias;
  const float *norm;   /* means, 1 / deviations, scale and shift of the outputs */
  int relu;
};
