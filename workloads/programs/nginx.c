/* nginx: a web server that compresses what it sends, asked by wrk.
 *
 * The server runs from its binary with a configuration in the run's folder, as one
 * process in the foreground, on a port of the loopback address that was free and a
 * Unix socket that says when it is ready.  wrk runs for a time, not for a number of
 * requests: a script of ours stops it after that number. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "workloads/programs/tools.h"

enum { REQUESTS };

static const struct wl_param params[] = {
	{"requests", "requests", "0.5 to 1 s of the server under glibc", 15000, 100, 100000000},
	{NULL, NULL, NULL, 0, 0, 0},
};

static const char configuration[] = "daemon off;\n"
				    "master_process off;\n"
				    "pid %1$s/nginx.pid;\n"
				    "error_log %1$s/error.log;\n"
				    "events { worker_connections 64; }\n"
				    "http {\n"
				    "  access_log %1$s/access.log;\n"
				    "  client_body_temp_path %1$s/body;\n"
				    "  proxy_temp_path %1$s/proxy;\n"
				    "  fastcgi_temp_path %1$s/fastcgi;\n"
				    "  uwsgi_temp_path %1$s/uwsgi;\n"
				    "  scgi_temp_path %1$s/scgi;\n"
				    "  gzip on;\n"
				    "  gzip_types text/plain;\n"
				    "  gzip_min_length 1;\n"
				    "  keepalive_requests 50;\n" /* connections end, too */
				    "  server {\n"
				    "    listen unix:%1$s/nginx.sock;\n"
				    "    listen 127.0.0.1:%2$d;\n"
				    "    root %1$s;\n"
				    "    location / { default_type text/plain; }\n"
				    "  }\n"
				    "}\n";

/* Of itself wrk goes on for its whole duration.  What the answers were is in the server's log.
 */
static const char client[] = "wrk.headers['Accept-Encoding'] = 'gzip'\n"
			     "local answers = 0\n"
			     "function response(status)\n"
			     "  answers = answers + 1\n"
			     "  if answers >= %lld then os.exit(0) end\n"
			     "end\n";

static const char *available(char *why, size_t why_size)
{
	if (!program_path("wrk", "install wrk", why, why_size))
		return NULL;
	/* Where Debian has it, which is on the PATH of root alone. */
	if (access("/usr/sbin/nginx", X_OK) == 0)
		return "/usr/sbin/nginx";
	return program_path("nginx",
			    "install nginx-light (its package starts a service; stop it first)",
			    why, why_size);
}

/* Each answer has a line that says 200. */
static int check(const struct program_plan *plan, const char *stdout_path, const char *dir,
		 char *why, size_t why_size)
{
	FILE *file = fopen(program_text("%s/access.log", dir), "r");
	uint64_t good = 0, bad = 0;
	char line[1024];

	(void)stdout_path;
	while (file && fgets(line, sizeof(line), file)) {
		if (strstr(line, "HTTP/1.1\" 200 "))
			good++;
		else
			bad++;
	}
	if (file)
		fclose(file);
	if (good >= plan->ops && bad == 0)
		return 0;
	snprintf(why, why_size,
		 "%llu good and %llu bad answers in its log, %llu were asked for",
		 (unsigned long long)good, (unsigned long long)bad,
		 (unsigned long long)plan->ops);
	return -1;
}

/* A port that is free now; whoever takes it first makes the run fail, not pass. */
static int free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0), port = -1;

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 &&
	    getsockname(fd, (struct sockaddr *)&address, &size) == 0)
		port = ntohs(address.sin_port);
	if (fd >= 0)
		close(fd);
	return port;
}

static int write_page(const char *dir, char *why, size_t why_size)
{
	size_t size;
	char *text;
	FILE *file = open_memstream(&text, &size);
	int result;

	if (!file) {
		snprintf(why, why_size, "no memory for the page");
		return -1;
	}
	for (int i = 0; i < 300; i++)
		fprintf(file, "%d times seven is %d, as everybody knows\n", i, i * 7);
	fclose(file);
	result = program_write(program_text("%s/page.txt", dir), text, why, why_size);
	free(text);
	return result;
}

static int plan(const int64_t *values, uint64_t seed, const char *cache_dir, const char *dir,
		struct program_plan *p, char *why, size_t why_size)
{
	const char *nginx = available(why, why_size), *wrk;
	const char *config = program_text("%s/nginx.conf", dir);
	const char *lua = program_text("%s/client.lua", dir);
	const char *socket_path = program_text("%s/nginx.sock", dir);
	int port = free_port();

	(void)seed; /* there is one page */
	(void)cache_dir;
	if (!nginx)
		return -1;
	wrk = program_path("wrk", "install wrk", why, why_size);
	if (port < 0 || strlen(socket_path) > 100) { /* sun_path holds 108 */
		snprintf(why, why_size, "no free port, or %s is too long", socket_path);
		return -1;
	}
	if (write_page(dir, why, why_size) < 0 ||
	    program_write(config, program_text(configuration, dir, port), why, why_size) < 0 ||
	    program_write(lua, program_text(client, (long long)values[REQUESTS]), why,
			  why_size) < 0)
		return -1;
	*p = (struct program_plan){
		/* -e: its errors before it has read the configuration. */
		.argv = {nginx, "-e", program_text("%s/error.log", dir), "-p", dir, "-c",
			 config, NULL},
		.ready_socket = socket_path,
		.clients = {{wrk, "-t", "1", "-c", "8", "-d", "100s", "-s", lua,
			     program_text("http://127.0.0.1:%d/page.txt", port), NULL}},
		.stop = {nginx, "-e", program_text("%s/error.log", dir), "-p", dir, "-c",
			 config, "-s", "quit", NULL},
		.check = check,
		.ops = (uint64_t)values[REQUESTS],
		.ops_unit = "requests",
		.timeout_s = 120,
	};
	return 0;
}

const struct program program_nginx = {
	.name = "nginx",
	.summary = "nginx sends a compressed page, asked by wrk over the loopback",
	.isolates = "a server of pools: what malloc sees are requests' regions as a whole",
	.cannot_tell = "much: nginx was built to need little of an allocator",
	.source = "own; nginx with its default buffers",
	.allocation_share =
		"0.7 % of its user-mode instructions: callgrind with glibc 2.36, "
		"inclusive cost of malloc, calloc, realloc and free, posix_memalign",
	.params = params,
	.available = available,
	.plan = plan,
};
