#include "harness/base/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness/base/file.h"
#include "harness/base/message.h"

#define NOT_FOUND 127

static _Noreturn void become(const char *const *argv, const char *folder, const char *log)
{
	int null = open("/dev/null", O_RDONLY),
	    out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	if (null < 0 || out < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0 ||
	    (folder && chdir(folder) < 0))
		_exit(126);
	/* What is read of the answers is in the language that they are compared with. */
	setenv("LC_ALL", "C.UTF-8", 1);
	unsetenv("LD_PRELOAD");
	execvp(argv[0], (char *const *)argv);
	_exit(errno == ENOENT ? NOT_FOUND : 126);
}

int tool_run(const char *const *argv, const char *folder, const char *log, char *why,
	     size_t why_size)
{
	char said[200];
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		become(argv, folder, log);
	if (pid < 0)
		return because(why, why_size, "%s cannot be started: %s", argv[0],
			       strerror(errno));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND)
		return because(why, why_size, "%s is not installed", argv[0]);
	if (WIFSIGNALED(status))
		return because(why, why_size, "%s was ended by signal %d", argv[0],
			       WTERMSIG(status));
	file_last_line(log, said, sizeof(said));
	return because(why, why_size, "%s: %s", argv[0],
		       *said ? said : "failed without a word");
}

char *tool_output(const char *const *argv, const char *log, char *why, size_t why_size)
{
	char *text = NULL;

	if (tool_run(argv, NULL, log, why, why_size) == 0) {
		text = file_read(log);
		if (!text)
			because(why, why_size, "%s: %s", log, strerror(errno));
	}
	return text;
}
