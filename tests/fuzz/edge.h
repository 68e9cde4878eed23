/*
 * fuzz/edge.h - a datagram ends where it ends, though the buffer that it was read into goes on
 *
 * With AddressSanitizer a read behind it is seen; without, nothing happens here. What is protected in place may grow
 * into the rest of its buffer: edge.c stands before srtp_protect() and srtcp_protect(), by the linker's --wrap.
 */
#pragma once
#include <stddef.h>

/* `n` bytes of the buffer's `cap` have been read into it; one buffer at a time. */
void edge_set(const void *buffer, size_t n, size_t cap);
/* It has been handled. */
void edge_lift(void);
