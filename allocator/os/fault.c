#include "os/fault.h"

bool (*ash_os_fault_hook)(enum ash_os_call call);
