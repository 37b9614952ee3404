//! Tables and images for uGMM networks: the bundled Iris table, numeric CSV and IDX files.
