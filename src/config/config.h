/*
 * config/config.h - the node's file: what concerns this machine only; all else lives in the database
 *
 * YAML (libyaml, document API). Unknown keys and bad values are refused with file, line and reason. Plain data,
 * immutable once loaded.
 */
#pragma once
#include "base/address.h"

#define CONFIG_LISTEN_MAX 16
#define CONFIG_NETWORKS_MAX 8
#define CONFIG_BLOCKS_MAX 16
#define CONFIG_TURN_MAX 4 /* a relay by UDP, TCP and TLS, and one more */
#define CONFIG_NAMES_MAX 8
#define CONFIG_SHUTDOWN_WAIT_MAX_S 3600
#define CONFIG_TRACE_DAYS_MAX 30 /* for finding faults; what is to be kept for longer is the history */
#define CONFIG_AUDIT_DAYS_MAX 3650
/* The longest file with every list full has about 5 KiB. What nests deeply costs libyaml the square of its length: a
 * file of 16 KiB half a second, one of 64 KiB ten. */
#define CONFIG_FILE_MAX ((size_t)16 * 1024)

struct config_addresses {
	size_t count;
	struct address at[CONFIG_LISTEN_MAX];
};
struct config_network {
	bool local_auto;
	struct address local;
	bool has_public;
	struct address public_address;
	size_t internal_count;
	struct address_block internal[CONFIG_BLOCKS_MAX];
};
/* Certificates from an authority that issues them by ACME (RFC 8555). */
struct config_acme {
	char directory[256];   /* its URL; empty: none are had */
	char contact[128];     /* a mail address that it writes to; empty: none */
	char authorities[512]; /* PEM file that vouches for the authority's own server; empty: the system's do */
	bool terms_agreed;
	size_t name_count;
	char names[CONFIG_NAMES_MAX][254]; /* the node's own; companies' domains come beside them */
};
struct config {
	char node[64];      /* default: the host's name */
	char user[33];      /* who to become when started as root; empty: nobody else */
	char data[96];      /* directory; DATA/alto.sock must fit a socket address (107 bytes) */
	char database[512]; /* "sqlite", or the URL of a PostgreSQL database: may hold a password, never printed */
	struct config_addresses sip_udp, sip_tcp, sip_tls;
	struct config_addresses https; /* companies and their people */
	struct config_addresses admin; /* the provider */
	struct config_addresses http;  /* the proof of a domain (ACME), and the way to https; in clear */
	size_t network_count;
	struct config_network networks[CONFIG_NETWORKS_MAX];
	uint16_t media_port_low, media_port_high; /* inclusive */
	unsigned media_workers;                   /* 0: one a core */
	bool plain_rtp;                           /* the node's veto on unencrypted voice */
	unsigned shutdown_wait_s;                 /* how long a stop waits for calls in progress */
	bool trace_sip;                           /* keep the SIP messages of calls */
	unsigned trace_days;                      /* for so long */
	unsigned audit_days;                      /* how long the audit trail is kept */
	char certificate[512], key[512];          /* empty: self-signed */
	size_t turn_count;
	char turn_urls[CONFIG_TURN_MAX][128]; /* "turn:turn.example.com:3478?transport=udp" */
	char turn_secret[512];                /* a file; set if there are urls */
	char authorities[512];                /* tls.ca: believed beside the system's; empty: none */
	struct config_acme acme;
	size_t webhook_allow_count; /* addresses that webhooks may reach though they are not public */
	struct address_block webhook_allow[CONFIG_BLOCKS_MAX];
};

struct config_reason {
	char text[512]; /* "alto.yaml:7: listen.sip_tls: \"[::]:99999\" is not an address with a port from 1 to 65535"
			 */
};
/* The defaults: TLS on [::]:5061, HTTPS on [::]:8443, the provider on 127.0.0.1:8444; nothing in plaintext. */
void config_defaults(struct config *ret);
/*
 * Read a file over the defaults. 0, -EINVAL (bad content), -ENOENT, -EACCES, -EISDIR, -ENOMEM; *reterr is then a
 * sentence for the operator, and ret untouched.
 */
MUST_USE int config_load(const char *path, struct config *ret, struct config_reason *reterr);
/* The same from memory; name stands where the file's would. */
MUST_USE int config_parse(const char *name, struct slice text, struct config *ret, struct config_reason *reterr);
/* Checks between values: a data path short enough for its socket, at least one SIP listener. */
MUST_USE int config_check(const struct config *c, struct config_reason *reterr);
