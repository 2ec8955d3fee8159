#include "harness/machine/virtual.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/base/file.h"
#include "harness/base/message.h"

static char *text_below(const char *root, const char *path)
{
	char *whole = text_format("%s%s", root, path), *text = file_read(whole);

	free(whole);
	return text;
}

/* First line below root; "" where there is none. */
static void line_below(const char *root, const char *path, char *line, size_t size)
{
	char *text = text_below(root, path);

	snprintf(line, size, "%.*s", text ? (int)strcspn(text, "\n") : 0, text ? text : "");
	free(text);
}

static bool is_below(const char *root, const char *path)
{
	char *whole = text_format("%s%s", root, path);
	bool is = access(whole, F_OK) == 0;

	free(whole);
	return is;
}

static void show(struct machine_kind *kind, const char *where, const char *what)
{
	kind->virtual_machine = VIRTUAL_YES;
	snprintf(kind->shown_by, sizeof(kind->shown_by), "%s%s%s", where, *what ? ": " : "",
		 what);
}

/* The flags of x86; other architectures have no such line. */
static void look_at_cpu(struct machine_kind *kind, const char *root)
{
	char *text = text_below(root, "/proc/cpuinfo");
	char *flags = text ? strstr(text, "\nflags") : NULL, *word;

	if (flags) {
		kind->virtual_machine = VIRTUAL_NO;
		flags[1 + strcspn(flags + 1, "\n")] = '\0';
		for (word = strtok(flags, " \t:"); word; word = strtok(NULL, " \t:"))
			if (strcmp(word, "hypervisor") == 0)
				show(kind, "the CPU's flag hypervisor", "");
	}
	free(text);
}

static bool names_hypervisor(const char *text)
{
	static const char *const names[] = {"KVM",
					    "QEMU",
					    "VMware",
					    "VirtualBox",
					    "innotek",
					    "Xen",
					    "Bochs",
					    "Parallels",
					    "BHYVE",
					    "Hyper-V",
					    "OpenStack",
					    "KubeVirt",
					    "Virtual Machine",
					    "Apple Virtualization",
					    "Google Compute Engine",
					    "Amazon EC2",
					    "Alibaba Cloud ECS",
					    "Firecracker",
					    "Cloud Hypervisor"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasestr(text, names[i]))
			return true;
	return false;
}

/* Whole machines of a cloud bear its name too. */
static bool is_metal(const char *product)
{
	return strcasestr(product, "metal") != NULL;
}

static void look_at_firmware(struct machine_kind *kind, const char *root)
{
	static const char *const dmi[] = {"sys_vendor", "product_name", "board_vendor",
					  "bios_vendor"};
	char line[128], product[128];

	line_below(root, "/sys/hypervisor/type", line, sizeof(line));
	if (*line)
		show(kind, "/sys/hypervisor/type", line);
	line_below(root, "/proc/device-tree/hypervisor/compatible", line, sizeof(line));
	if (*line)
		show(kind, "the devicetree's hypervisor", line);
	line_below(root, "/proc/device-tree/compatible", line, sizeof(line));
	if (strcmp(line, "linux,dummy-virt") == 0)
		show(kind, "the devicetree", line);
	line_below(root, "/sys/class/dmi/id/product_name", product, sizeof(product));
	if ((*line || *product) && kind->virtual_machine == VIRTUAL_UNKNOWN)
		kind->virtual_machine = VIRTUAL_NO;
	for (size_t i = 0; i < sizeof(dmi) / sizeof(dmi[0]) && !is_metal(product); i++) {
		char *path = text_format("/sys/class/dmi/id/%s", dmi[i]);

		line_below(root, path, line, sizeof(line));
		free(path);
		if (kind->virtual_machine != VIRTUAL_YES && names_hypervisor(line))
			show(kind, "DMI", line);
	}
}

static void look_for_container(struct machine_kind *kind, const char *root, const char *named)
{
	static const struct {
		const char *path, *kind;
	} files[] = {{"/.dockerenv", "docker"}, {"/run/.containerenv", "podman"}};
	static const char *const groups[] = {"docker", "kubepods", "libpod", "lxc",
					     "containerd"};
	char *text;

	line_below(root, "/run/systemd/container", kind->container, sizeof(kind->container));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && !*kind->container; i++)
		if (is_below(root, files[i].path))
			snprintf(kind->container, sizeof(kind->container), "%s", files[i].kind);
	if (!*kind->container && named)
		snprintf(kind->container, sizeof(kind->container), "%s", named);
	text = text_below(root, "/proc/1/cgroup");
	for (size_t i = 0; text && i < sizeof(groups) / sizeof(groups[0]); i++)
		if (!*kind->container && strstr(text, groups[i]))
			snprintf(kind->container, sizeof(kind->container), "%s", groups[i]);
	free(text);
}

void machine_kind_read(struct machine_kind *kind, const char *root, const char *named)
{
	memset(kind, 0, sizeof(*kind));
	look_at_cpu(kind, root);
	look_at_firmware(kind, root);
	look_for_container(kind, root, named);
}
