/* web/openapi.h - openapi.json, without its white space, as src/web/embed.py has put it into the program */
#pragma once
#include <stddef.h>

extern const char web_openapi[];
extern const size_t web_openapi_bytes;
