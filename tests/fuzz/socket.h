/*
 * fuzz/socket.h - a WebSocket that web/stream.c gave leave to, from its opening to its end
 *
 * The library and transport's carrier are played here, put before their own functions by the linker.
 */
#pragma once
#include "base/slice.h"

struct web_peer;

/*
 * What comes on it is this text, in two frames; then nobody answers any more. Checked: a page is told whole events, and
 * to begin anew if it was away; a phone's messages are handed on whole and in order, are answered in frames of their
 * kind, and are those of whoever's session opened it (user's id, empty: nobody's). The peer is still to be freed.
 */
void socket_play(struct web_peer *p, struct slice text, struct slice user);
