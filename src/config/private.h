/* config/private.h - what config.c, which reads the file, and keys.c, which knows what may stand in it, share */
#pragma once
#include <yaml.h>

#include "config/config.h"

struct reader {
	yaml_document_t document;
	const char *path;
	struct config *config;
	struct config_reason *reason;
};

/* "alto.yaml:7: listen.sip_tls: ...", into r->reason. -EINVAL. */
int config_refuse(struct reader *r, const yaml_node_t *node, const char *key, const char *format, ...)
	PRINTF_LIKE(4, 5);
bool config_is_null(const yaml_node_t *n);
/* All keys of the file, into r->config. 0, or refused. */
MUST_USE int config_take_all(struct reader *r, yaml_node_t *root);
