/* web/warning.c - see web/warning.h */
#include "web/warning.h"

static json_t *told_json(struct warning_told told);

static json_t *value_json(const struct warning_value *v)
{
	switch (v->type) {
	case WARNING_TYPE_NUMBER:
		return json_integer((json_int_t)v->number);
	case WARNING_TYPE_TIME:
		return web_json_time(v->number);
	case WARNING_TYPE_REASON:
		return told_json(warning_reason(v->text));
	case WARNING_TYPE_TEXT:
		break;
	}
	return web_json_text(v->text);
}

static json_t *told_json(struct warning_told told)
{
	json_t *values = json_object();
	struct warning_value v;
	while (values && warning_next(&told, &v)) {
		if (json_object_setn_new(values, v.name.p, v.name.n, value_json(&v)) == 0)
			continue;
		json_decref(values);
		values = NULL;
	}
	return WEB_OBJECT({"kind", json_string(warning_name(told.kind))}, {"values", values});
}

json_t *web_warning_json(const struct warning *w)
{
	return w->kind ? told_json(warning_told(w)) : json_null();
}

json_t *web_warning_english_json(const struct warning *w)
{
	char text[WARNING_TEXT_CAP];
	return w->kind ? web_json_text(slice_from_string(warning_text(w, text))) : json_null();
}
