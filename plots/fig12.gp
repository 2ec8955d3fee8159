FIG="fig12"
W=600;H=400
load "style.gp"
plot x
load "again.gp"
