/* The verb `report` as a program of its own, so that its tests need nothing else of
 * ashlar-bench. */
#include "harness/cli/verbs.h"

int main(int argc, char **argv)
{
	return report_main(argc, argv);
}
