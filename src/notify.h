/*
 * notify.h - tells the service manager how we are, as sd_notify(3) does: a datagram to the socket that NOTIFY_SOCKET
 * names, or nothing where there is none
 */
#pragma once
#include "base/common.h"

/*
 * state: lines such as "READY=1\nSTATUS=..."; the manager's manual has the names. Never blocks. A state that cannot be
 * told is logged: the manager will then wait in vain, and its operator will want to know why.
 */
void notify(const char *state, ...) PRINTF_LIKE(1, 2);
