/*
 * directory/e164.h - telephone numbers: what people and operators write, and the one form that is kept
 *
 * The one form is E.164 with a plus sign: "+33142685300". There is no dialling plan: a number in another form than
 * "+..." or "00..." is left as its digits, which mean what the operator takes them for.
 */
#pragma once
#include "base/slice.h"

#define E164_DIGITS_MAX 15 /* ITU-T E.164 §6.1 */
#define E164_DIGITS_MIN 5  /* shorter ones are no numbers that can be called from abroad */
#define E164_CAP (E164_DIGITS_MAX + 2)
#define NUMBER_DIGITS_MAX 20 /* dialled: E.164 behind 00, or behind an operator's own prefix */
#define NUMBER_CAP (NUMBER_DIGITS_MAX + 2)

/*
 * "+33 1 42 68 53 00" or "0033142685300" into the one form. Spaces and the visual separators - and .
 * (RFC 3966 §5.1.1) are passed over; brackets are not, since "(0)" is not dialled. false: it is not an international
 * number.
 */
MUST_USE bool e164_parse(struct slice text, char ret[E164_CAP]);
/*
 * What was dialled, or what an operator names, as far as it is a number: in the one form if it is international, else
 * its digits alone. false: it is none.
 */
MUST_USE bool number_read(struct slice text, char ret[NUMBER_CAP]);
