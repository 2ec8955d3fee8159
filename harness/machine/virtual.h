/* What the machine is that one measures on: a virtual one shares its CPUs with guests that it
 * cannot see, a container its kernel. */
#ifndef HARNESS_VIRTUAL_H
#define HARNESS_VIRTUAL_H

enum virtual_machine {
	VIRTUAL_UNKNOWN, /* nothing here tells */
	VIRTUAL_NO,      /* it tells what it is, and shows no sign of a hypervisor */
	VIRTUAL_YES
};

struct machine_kind {
	enum virtual_machine virtual_machine;
	char shown_by[256]; /* the sign of it; "" without one */
	char container[64]; /* what kind, or "" for none that is seen */
};

/* Looks below `root` ("" for this machine): at the CPU's flag `hypervisor` (CPUID leaf 1, ECX
 * bit 31, which Intel and AMD reserve for hypervisors to set), Xen's files, the devicetree and
 * DMI, which are what AArch64 has; for containers at what their managers leave in the file
 * system and in the groups of process 1.  `named` is this process's variable
 * `container`, null for none. */
void machine_kind_read(struct machine_kind *kind, const char *root, const char *named);

#endif
