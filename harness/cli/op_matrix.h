/* The verb op-matrix: what a malloc and its free cost, by size and pattern. */
#ifndef HARNESS_OP_MATRIX_H
#define HARNESS_OP_MATRIX_H

int op_matrix_main(int argc, char **argv);

#endif
