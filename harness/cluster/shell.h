/* Words of a command that a shell reads, here or on another machine. */
#ifndef HARNESS_CLUSTER_SHELL_H
#define HARNESS_CLUSTER_SHELL_H

/* The word in single quotes; free it. */
char *shell_quoted(const char *word);

/* A path that holds from any folder, links as they are: another machine may have others.
 * Free it. */
char *shell_absolute(const char *path);

#endif
