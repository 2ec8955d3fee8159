/* fat_launcher MIB COMMAND...: touches that much memory, then becomes the command by
 * exec, as a launcher does whose size wait(2) would count for its child. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t bytes;
	char *memory;

	if (argc < 3)
		return 2;
	bytes = strtoul(argv[1], NULL, 10) << 20;
	memory = malloc(bytes);
	if (!memory)
		return 1;
	memset(memory, 1, bytes);
	__asm__ volatile("" : : "r"(memory) : "memory");
	execv(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
