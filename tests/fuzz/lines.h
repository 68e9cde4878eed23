/*
 * fuzz/lines.h - for targets whose input is text in lines: a mutator that keeps it so
 *
 * lines.c has LLVMFuzzerCustomMutator and LLVMFuzzerCustomCrossOver: they insert, repeat, move and remove whole lines,
 * take lines from the target's own list, cut lines short, stretch them, put other numbers in, exchange words, and let
 * the fuzzer at the bytes of one line. Without a fuzzer (replay.c) only the list is used, by nobody.
 */
#pragma once
#include <stddef.h>

extern const char *const lines_words[]; /* the target's: lines to begin with; NULL ends */
