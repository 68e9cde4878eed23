/* sip/privacy.c - the words of Privacy: see privacy.h */
#include "sip/privacy.h"

static const struct {
	struct slice word;
	enum sip_privacy means;
} words[] = {
	{{"none", 4}, SIP_PRIVACY_NONE},         {{"id", 2}, SIP_PRIVACY_ID},
	{{"user", 4}, SIP_PRIVACY_USER},         {{"header", 6}, SIP_PRIVACY_HEADER},
	{{"session", 7}, SIP_PRIVACY_SESSION},   {{"history", 7}, SIP_PRIVACY_HISTORY},
	{{"critical", 8}, SIP_PRIVACY_CRITICAL},
};

static unsigned meaning(struct slice word)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (slice_caseeq(word, words[i].word))
			return words[i].means;
	return slice_empty(word) ? 0 : SIP_PRIVACY_OTHER;
}

unsigned sip_privacy_read(struct slice value)
{
	unsigned all = 0;
	while (!slice_empty(value))
		all |= meaning(slice_trim(slice_cut(&value, ';')));
	return all;
}

unsigned sip_privacy_of(const struct sip_message *msg)
{
	unsigned all = 0;
	for (const struct sip_field *f = sip_field_first(msg, SIP_PRIVACY); f; f = sip_field_next(msg, f))
		all |= sip_privacy_read(f->value);
	return all;
}
