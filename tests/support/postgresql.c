/* support/postgresql.c - talks to the keeper of the server through two pipes */
#include "support/postgresql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
	pid_t pid; /* 0: not started */
	FILE *ask, *answer;
	char url[256];
} keeper;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "PostgreSQL for the tests: %s\n", what);
	abort();
}

static void read_line(char *line, int cap)
{
	if (!fgets(line, cap, keeper.answer))
		fail("its keeper has ended; its reason is above");
	line[strcspn(line, "\n")] = '\0';
}

static void start_keeper(void)
{
	int down[2], up[2];
	if (pipe(down) < 0 || pipe(up) < 0)
		fail("no pipe");
	keeper.pid = fork();
	if (keeper.pid == 0) {
		/* A session of its own: what ends a test that hangs must not end the keeper first. */
		if (setsid() < 0 || dup2(down[0], 0) < 0 || dup2(up[1], 1) < 0)
			_exit(127);
		close(down[0]);
		close(down[1]);
		close(up[0]);
		close(up[1]);
		execl(TEST_PYTHON, TEST_PYTHON, TEST_POSTGRESQL, (char *)NULL);
		_exit(127);
	}
	close(down[0]);
	close(up[1]);
	keeper.ask = fdopen(down[1], "w");
	keeper.answer = fdopen(up[0], "r");
	if (keeper.pid < 0 || !keeper.ask || !keeper.answer)
		fail("no process");
}

const char *postgresql_url(void)
{
	char line[256];
	if (keeper.pid)
		return keeper.url;
	start_keeper();
	read_line(line, sizeof(line));
	if (strncmp(line, "ready ", 6) != 0)
		fail(line);
	snprintf(keeper.url, sizeof(keeper.url), "%s", line + 6);
	return keeper.url;
}

int postgresql_end(void **state)
{
	(void)state;
	if (!keeper.pid)
		return 0;
	fclose(keeper.ask);
	fclose(keeper.answer);
	if (waitpid(keeper.pid, NULL, 0) != keeper.pid)
		fail("its keeper is gone");
	keeper.pid = 0;
	return 0;
}

static void order(const char *word)
{
	char line[64];
	fprintf(keeper.ask, "%s\n", word);
	fflush(keeper.ask);
	read_line(line, sizeof(line));
	if (strcmp(line, "done") != 0)
		fail(line);
}

void postgresql_stop(void)
{
	order("stop");
}

void postgresql_kill(void)
{
	order("kill");
}

void postgresql_start(void)
{
	order("start");
}
