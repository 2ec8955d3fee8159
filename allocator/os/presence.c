#include "os/presence.h"

struct ash_presence ash_presence = {ASH_PRESENCE_LAYOUT, ASH_PRESENCE_LOADED};

/* Name, text, each filled up to a multiple of four (System V ABI, chapter 5).  In the language
 * of the assembler, since a distance between two places is no constant of C's. */
__asm__(".pushsection .note.ashlar, \"a\", %note\n"
	".balign 4\n"
	".long 2f - 1f, 4f - 3f, 1\n"
	"1: .asciz \"" ASH_PRESENCE_OWNER "\"\n"
	"2: .balign 4\n"
	"3: .quad ash_presence - 3b\n"
	".asciz \"" PACKAGE_VERSION "\"\n"
	"4: .balign 4\n"
	".popsection\n");
