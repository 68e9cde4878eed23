/*
 * cli/cli.h - the commands of an operator, each a client of the REST API on DATA/alto.sock
 *
 * Knows nothing of the server's rooms: what a command can do, any program with a right to the socket can do too.
 */
#pragma once

/* argv as main() has it. 0: done, 1: refused or failed (one line on stderr), 2: usage. */
int cli_main(int argc, char **argv);
