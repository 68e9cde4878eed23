/* serve.h - `alto serve`: the parts made in order, joined, and taken down again */
#pragma once
#include <stdbool.h>

struct serve_options {
	const char *config_path; /* NULL: /etc/alto/alto.yaml if it is there, else the defaults */
	const char *data;        /* NULL: as configured */
	bool demo;               /* a demo company in build/demo, TLS only, with a page of what to do next */
};
/* Runs until SIGINT or SIGTERM. Returns the exit status: 0, or 1 after one clear line on stderr. */
int serve(const struct serve_options *options);
