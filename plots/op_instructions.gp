# Instructions of a malloc and its free over size, by pattern.
FIG = "op_instructions"
METRIC = "instructions"
LABEL = "instructions per pair"
NOTE = "callgrind, n against 2n pairs, less the driver's own"
load "op_matrix.gp"
