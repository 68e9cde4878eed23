/* main.c - the program's commands: `serve` runs the server, every other one is a client of its API */
#include "base/slice.h"
#include "cli/cli.h"
#include "serve.h"

#include <getopt.h>

static int usage(FILE *to)
{
	fprintf(to, "usage: alto serve [--config FILE] [--data DIR] [--demo]\n"
		    "       alto help      shows every command\n"
		    "       alto version   says which version this is\n");
	return to == stderr ? 2 : 0;
}

static int serve_command(int argc, char **argv)
{
	static const struct option options[] = {{"config", required_argument, NULL, 'c'},
						{"data", required_argument, NULL, 'd'},
						{"demo", no_argument, NULL, 'D'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	struct serve_options o = {0};
	int c;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1)
		switch (c) {
		case 'c':
			o.config_path = optarg;
			break;
		case 'd':
			o.data = optarg;
			break;
		case 'D':
			o.demo = true;
			break;
		case 'h':
			return usage(stdout);
		default:
			return usage(stderr);
		}
	if (optind != argc)
		return usage(stderr);
	if (o.data && !*o.data) {
		fprintf(stderr, "alto: --data wants the name of a directory\n");
		return 2;
	}
	return serve(&o);
}

int main(int argc, char **argv)
{
	if (argc >= 2 && slice_eq(slice_from_string(argv[1]), SLICE("serve")))
		return serve_command(argc - 1, argv + 1);
	if (argc == 2 && (slice_eq(slice_from_string(argv[1]), SLICE("--version")) ||
			  slice_eq(slice_from_string(argv[1]), SLICE("version")))) {
		printf("alto " ALTO_VERSION "\n");
		return 0;
	}
	return cli_main(argc, argv);
}
