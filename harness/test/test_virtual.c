#include "harness/test/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/machine/virtual.h"

static char *root;

/* A file of a machine that is not this one. */
static void plant(const char *path, const char *text)
{
	char *whole = text_format("%s%s", root, path);

	for (char *p = whole + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(whole, 0777);
		*p = '/';
	}
	assert_int_equal(file_write(whole, text), 0);
	free(whole);
}

static struct machine_kind read_kind(const char *named)
{
	struct machine_kind kind;

	machine_kind_read(&kind, root, named);
	return kind;
}

static int make_root(void **state)
{
	char *template = text_format("%s/machine-XXXXXX", getenv("TMPDIR") ?: "/tmp");

	(void)state;
	root = mkdtemp(template);
	return root ? 0 : -1;
}

static int remove_root(void **state)
{
	(void)state;
	file_remove_tree(root);
	free(root);
	return 0;
}

static void a_flag_tells_on_x86(void **state)
{
	(void)state;
	plant("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vme hypervisor lahf_lm\n");
	assert_int_equal(read_kind(NULL).virtual_machine, VIRTUAL_YES);
	assert_string_equal(read_kind(NULL).shown_by, "the CPU's flag hypervisor");
	plant("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vme hypervisor_like\n");
	assert_int_equal(read_kind(NULL).virtual_machine, VIRTUAL_NO);
	assert_string_equal(read_kind(NULL).shown_by, "");
}

static void firmware_tells_elsewhere(void **state)
{
	(void)state;
	plant("/proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\n");
	assert_int_equal(read_kind(NULL).virtual_machine, VIRTUAL_UNKNOWN);
	plant("/sys/class/dmi/id/product_name", "PowerEdge\n");
	assert_int_equal(read_kind(NULL).virtual_machine, VIRTUAL_NO);
	plant("/sys/class/dmi/id/sys_vendor", "QEMU\n");
	assert_int_equal(read_kind(NULL).virtual_machine, VIRTUAL_YES);
	assert_string_equal(read_kind(NULL).shown_by, "DMI: QEMU");
	plant("/sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
	plant("/sys/class/dmi/id/product_name", "c7g.metal\n");
	assert_int_equal(read_kind(NULL).virtual_machine, VIRTUAL_NO);
	plant("/sys/class/dmi/id/product_name", "c7g.large\n");
	assert_int_equal(read_kind(NULL).virtual_machine, VIRTUAL_YES);
}

static void the_devicetree_tells(void **state)
{
	(void)state;
	plant("/proc/device-tree/compatible", "raspberrypi,5-model-b");
	assert_int_equal(read_kind(NULL).virtual_machine, VIRTUAL_NO);
	plant("/proc/device-tree/compatible", "linux,dummy-virt");
	assert_int_equal(read_kind(NULL).virtual_machine, VIRTUAL_YES);
	plant("/proc/device-tree/compatible", "board");
	plant("/proc/device-tree/hypervisor/compatible", "xen,xen-4.17");
	assert_string_equal(read_kind(NULL).shown_by,
			    "the devicetree's hypervisor: xen,xen-4.17");
}

static void containers_are_seen(void **state)
{
	(void)state;
	assert_string_equal(read_kind(NULL).container, "");
	assert_string_equal(read_kind("lxc").container, "lxc");
	plant("/proc/1/cgroup", "0::/kubepods/besteffort/pod1\n");
	assert_string_equal(read_kind(NULL).container, "kubepods");
	plant("/.dockerenv", "");
	assert_string_equal(read_kind(NULL).container, "docker");
	plant("/run/systemd/container", "systemd-nspawn\n");
	assert_string_equal(read_kind(NULL).container, "systemd-nspawn");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_flag_tells_on_x86, make_root, remove_root),
		cmocka_unit_test_setup_teardown(firmware_tells_elsewhere, make_root,
						remove_root),
		cmocka_unit_test_setup_teardown(the_devicetree_tells, make_root, remove_root),
		cmocka_unit_test_setup_teardown(containers_are_seen, make_root, remove_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
