# Each change in all surroundings.
everywhere=yes
. "$top_srcdir/harness/test/gate_planted.sh"
