# CPU time of a malloc and its free over size, by pattern.
FIG = "op_time"
METRIC = "ns"
LABEL = "ns of CPU time per pair"
NOTE = "median of five rounds, less the driver's own"
load "op_matrix.gp"
