/* test_openapi.c - openapi.json says what the program does: routes, fields and problems, both ways */
#include <ctype.h>

#include "base/warning.h"
#include "call/decision.h"
#include "support/test.h"
#include "web/act.h"
#include "web/fields.h"
#include "web/openapi.h"
#include "web/policy.h"
#include "web/route.h"

static int load(void **state)
{
	*state = json_loadb(web_openapi, web_openapi_bytes, JSON_REJECT_DUPLICATES, NULL);
	return *state ? 0 : -1;
}

static int unload(void **state)
{
	json_decref(*state);
	return 0;
}

static json_t *get(const json_t *from, const char *name)
{
	json_t *value = json_object_get(from, name);
	if (!value)
		fail_msg("openapi.json lacks \"%s\"", name);
	return value;
}

static json_t *schema_of(const json_t *document, const char *name)
{
	return get(get(get(document, "components"), "schemas"), name);
}

/* {"$ref": "#/components/schemas/Name"} leads to that schema. */
static const json_t *resolve(const json_t *document, const json_t *schema)
{
	static const char where[] = "#/components/schemas/";
	const char *to = json_string_value(json_object_get(schema, "$ref"));
	if (!to)
		return schema;
	assert_memory_equal(to, where, sizeof(where) - 1);
	return schema_of(document, to + sizeof(where) - 1);
}

static void lower(const char *word, char *ret, size_t cap)
{
	size_t n = 0;
	for (; word[n] && n + 1 < cap; n++)
		ret[n] = (char)tolower((unsigned char)word[n]);
	ret[n] = 0;
}

static void every_route_is_an_operation(void **state)
{
	for (size_t i = 0; i < web_route_count; i++) {
		char method[8];
		lower(web_method_name(web_routes[i].method), method, sizeof(method));
		json_t *path = get(get(*state, "paths"), web_routes[i].pattern);
		const char *name = json_string_value(get(get(path, method), "operationId"));
		assert_true(name && *name);
	}
}

static void every_operation_is_a_route(void **state)
{
	static const char *const methods[] = {"get", "put", "post", "delete", "options", "head", "patch", "trace"};
	size_t operations = 0;
	const char *pattern, *method;
	json_t *path, *operation;
	json_object_foreach(get(*state, "paths"), pattern, path)
	{
		json_object_foreach(path, method, operation)
		{
			bool known = false;
			for (size_t i = 0; i < ARRAY_LEN(methods); i++)
				known = known || strcmp(method, methods[i]) == 0;
			operations += known;
			if (!known && strcmp(method, "parameters") != 0)
				fail_msg("%s: %s", pattern, method);
		}
	}
	/* Each route is one of them, and no two are the same one: then there is no other. */
	assert_int_equal(operations, web_route_count);
	for (size_t i = 0; i < web_route_count; i++)
		for (size_t j = 0; j < i; j++)
			assert_false(web_routes[i].method == web_routes[j].method &&
				     strcmp(web_routes[i].pattern, web_routes[j].pattern) == 0);
}

/* What changes something is told in the audit trail, and openapi.json has the word; but for a page's phone. */
static void every_change_is_told(void **state)
{
	const char *words = json_string_value(
		get(get(get(schema_of(*state, "Act"), "properties"), "thing"), "description"));
	for (size_t i = 0; i < web_route_count; i++) {
		const char *thing = web_act_thing(web_routes[i].resource);
		if (web_routes[i].action == WEB_READ || web_routes[i].resource == WEB_ON_PHONE)
			continue;
		if (!thing || !strstr(words, thing))
			fail_msg("%s: %s", web_routes[i].pattern, thing ? thing : "nothing");
	}
}

/* {"$ref": "#/components/parameters/Name"} leads to that parameter. */
static const json_t *parameter_at(const json_t *document, const json_t *list, size_t i)
{
	const json_t *p = json_array_get(list, i);
	const char *to = json_string_value(json_object_get(p, "$ref"));
	return to ? get(get(get(document, "components"), "parameters"), strrchr(to, '/') + 1) : p;
}

static const json_t *query_parameter(const json_t *document, const json_t *list, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *p = parameter_at(document, list, i);
		if (strcmp(json_string_value(get(p, "in")), "query") == 0 &&
		    strcmp(json_string_value(get(p, "name")), name) == 0)
			return p;
	}
	return NULL;
}

static size_t query_parameters(const json_t *document, const json_t *list)
{
	size_t count = 0;
	for (size_t i = 0; i < json_array_size(list); i++)
		count += strcmp(json_string_value(get(parameter_at(document, list, i), "in")), "query") == 0;
	return count;
}

static void parameters_are_those_of_the_tables(void **state)
{
	for (size_t i = 0; i < web_route_count; i++) {
		const struct web_route *route = &web_routes[i];
		char method[8];
		lower(web_method_name(route->method), method, sizeof(method));
		const json_t *operation = get(get(get(*state, "paths"), route->pattern), method);
		const json_t *list = json_object_get(operation, "parameters");
		for (size_t k = 0; k < route->parameters->count; k++)
			if (!query_parameter(*state, list, route->parameters->list[k].name))
				fail_msg("%s %s lacks %s", method, route->pattern, route->parameters->list[k].name);
		if (query_parameters(*state, list) != route->parameters->count)
			fail_msg("%s %s has a parameter that is not known", method, route->pattern);
	}
}

static bool is_required(const json_t *schema, const char *name)
{
	const json_t *required = json_object_get(schema, "required");
	for (size_t i = 0; i < json_array_size(required); i++)
		if (strcmp(json_string_value(json_array_get(required, i)), name) == 0)
			return true;
	return false;
}

static void compare_field(const json_t *document, const char *name, const struct web_field *f, enum web_use use)
{
	const json_t *schema = schema_of(document, name), *property = get(get(schema, "properties"), f->name);
	const json_t *kind = resolve(document, property);
	const char *type = json_string_value(get(kind, "type"));
	if (strcmp(type, f->kind == WEB_NUMBER ? "integer" : "string") != 0)
		fail_msg("%s.%s is no %s", name, f->name, type);
	if (is_required(schema, f->name) != (f->required && use == WEB_WHOLE))
		fail_msg("%s.%s: required?", name, f->name);
	if (f->kind == WEB_NUMBER) {
		assert_int_equal(json_integer_value(get(kind, "minimum")), 0);
		assert_int_equal(json_integer_value(get(kind, "maximum")), f->max);
		return;
	}
	/* The words that it may be are all taken. */
	const json_t *words = json_object_get(kind, "enum");
	for (size_t i = 0; i < json_array_size(words); i++)
		if (!f->valid(slice_from_string(json_string_value(json_array_get(words, i)))))
			fail_msg("%s.%s refuses its word %zu", name, f->name, i);
}

static void schema_name(const struct web_body *body, enum web_use use, char ret[64])
{
	snprintf(ret, 64, "%s%s", body->schema, use == WEB_WHOLE ? "New" : "Change");
}

static const struct web_body *const asked_for[] = {&web_token_body,    &web_session_body, &web_totp_body,
						   &web_password_body, &web_phone_body,   &web_retry_body,
						   &web_passkey_body,  &web_sign_body,    &web_openid_body};

static void compare_fields(const json_t *document, const struct web_body *body, enum web_use use)
{
	char name[64];
	schema_name(body, use, name);
	const json_t *schema = schema_of(document, name);
	size_t count = 0;
	assert_true(json_is_false(get(schema, "additionalProperties")));
	for (size_t k = 0; k < body->count; k++) {
		if (use == WEB_PART && body->fields[k].fixed)
			continue;
		compare_field(document, name, &body->fields[k], use);
		count++;
	}
	if (json_object_size(get(schema, "properties")) != count)
		fail_msg("%s has a property that is no field", name);
}

static void fields_are_those_of_the_schemas(void **state)
{
	for (size_t i = 0; i < WEB_BODIES; i++) {
		compare_fields(*state, &web_bodies[i], WEB_WHOLE);
		compare_fields(*state, &web_bodies[i], WEB_PART);
	}
	for (size_t i = 0; i < ARRAY_LEN(asked_for); i++)
		compare_fields(*state, asked_for[i], WEB_WHOLE);
	compare_fields(*state, &web_passkey_body, WEB_PART);
}

static bool has_table(const char *name, enum web_use use)
{
	char known[64];
	for (size_t i = 0; i < WEB_BODIES + ARRAY_LEN(asked_for); i++) {
		schema_name(i < WEB_BODIES ? &web_bodies[i] : asked_for[i - WEB_BODIES], use, known);
		if (strcmp(known, name) == 0)
			return true;
	}
	return false;
}

/* What a request may hold is one of those bodies. */
static void every_request_has_its_table(void **state)
{
	const char *pattern, *method;
	json_t *path, *operation;
	size_t found = 0;
	json_object_foreach(get(*state, "paths"), pattern, path)
	{
		json_object_foreach(path, method, operation)
		{
			const json_t *request = json_object_get(operation, "requestBody");
			if (!request)
				continue;
			const json_t *schema = get(get(get(request, "content"), "application/json"), "schema");
			const char *ref = json_string_value(get(schema, "$ref")), *name = strrchr(ref, '/') + 1;
			if (!has_table(name, strcmp(method, "patch") == 0 ? WEB_PART : WEB_WHOLE))
				fail_msg("%s %s: %s", method, pattern, name);
			found++;
		}
	}
	/* POST, PUT and PATCH of each, POST of what is only asked for, and passkeys get other names. */
	assert_int_equal(found, 3 * WEB_BODIES + ARRAY_LEN(asked_for) + 1);
}

/* "security": [] is an operation for everybody, and nothing else is. */
static void security_is_as_the_table_of_rights(void **state)
{
	for (size_t i = 0; i < web_route_count; i++) {
		const struct web_route *route = &web_routes[i];
		char method[8];
		lower(web_method_name(route->method), method, sizeof(method));
		const json_t *operation = get(get(get(*state, "paths"), route->pattern), method);
		const json_t *security = json_object_get(operation, "security");
		if (!security)
			security = get(*state, "security");
		bool open = web_policy_reach(route->resource, route->action, WEB_NOBODY) != WEB_REACH_NONE;
		if ((json_array_size(security) == 0) != open)
			fail_msg("%s %s is %sfor everybody", method, route->pattern, open ? "" : "not ");
	}
}

static void problems_have_their_codes(void **state)
{
	const json_t *codes = get(schema_of(*state, "ProblemCode"), "oneOf");
	assert_int_equal(json_array_size(codes), WEB_PROBLEM_COUNT);
	for (int i = 0; i < WEB_PROBLEM_COUNT; i++) {
		const char *name = web_problem_name((enum web_problem_code)i), *text = "";
		for (size_t k = 0; k < json_array_size(codes); k++) {
			const json_t *code = json_array_get(codes, k);
			if (strcmp(json_string_value(get(code, "const")), name) == 0)
				text = json_string_value(get(code, "description"));
		}
		/* "404. There is no such ..." */
		if (strtol(text, NULL, 10) != web_problem_status((enum web_problem_code)i))
			fail_msg("%s: %s", name, text);
	}
}

static bool lists(const json_t *list, const char *word)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(json_string_value(json_array_get(list, i)), word) == 0)
			return true;
	return false;
}

/* Each kind, each value of one, and each reason: the console has a sentence for what the document lists. */
static void decisions_are_those_of_the_calls(void **state)
{
	const json_t *known = get(schema_of(*state, "DecisionKind"), "enum");
	const json_t *reasons = get(schema_of(*state, "DecisionWhy"), "enum");
	const json_t *values = get(schema_of(*state, "DecisionValues"), "properties");
	assert_int_equal(json_array_size(known), DECISION_KINDS);
	assert_int_equal(json_array_size(reasons), DECISION_WHYS);
	for (int kind = 0; kind < DECISION_KINDS; kind++) {
		const char *name = decision_name((enum decision_kind)kind);
		struct slice line = slice_from_string(name);
		struct decision d = {0};
		if (!lists(known, name) || !decision_next(&line, &d))
			fail_msg("%s", name);
		for (size_t i = 0; i < d.count; i++)
			if (!json_object_getn(values, d.values[i].name.p, d.values[i].name.n))
				fail_msg("%s: %.*s", name, SLICE_ARG(d.values[i].name));
	}
	for (int why = 0; why < DECISION_WHYS; why++)
		if (!lists(reasons, decision_why((enum decision_why)why)))
			fail_msg("%s", decision_why((enum decision_why)why));
}

/* Each kind, and each value of one with its type. */
static void warnings_are_those_of_the_table(void **state)
{
	static const char *const types[] = {[WARNING_TYPE_TEXT] = "string",
					    [WARNING_TYPE_NUMBER] = "integer",
					    [WARNING_TYPE_TIME] = "#/components/schemas/Time",
					    [WARNING_TYPE_REASON] = "#/components/schemas/Warning"};
	const json_t *known = get(schema_of(*state, "WarningKind"), "enum");
	const json_t *values = get(schema_of(*state, "WarningValues"), "properties");
	assert_int_equal(json_array_size(known), WARNING_KINDS - 1); /* no one tells of nothing */
	for (int kind = WARNING_NONE + 1; kind < WARNING_KINDS; kind++) {
		const struct warning w = {.kind = (enum warning_kind)kind};
		struct warning_told told = warning_told(&w);
		struct warning_value v;
		if (!lists(known, warning_name(w.kind)))
			fail_msg("%s", warning_name(w.kind));
		while (warning_next(&told, &v)) {
			const json_t *value = json_object_getn(values, v.name.p, v.name.n);
			const json_t *type = json_object_get(value, "type");
			const char *is = json_string_value(type ? type : json_object_get(value, "$ref"));
			if (!is || strcmp(is, types[v.type]) != 0)
				fail_msg("%s: %.*s", warning_name(w.kind), SLICE_ARG(v.name));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_is_an_operation),
		cmocka_unit_test(every_operation_is_a_route),
		cmocka_unit_test(every_change_is_told),
		cmocka_unit_test(parameters_are_those_of_the_tables),
		cmocka_unit_test(fields_are_those_of_the_schemas),
		cmocka_unit_test(every_request_has_its_table),
		cmocka_unit_test(problems_have_their_codes),
		cmocka_unit_test(decisions_are_those_of_the_calls),
		cmocka_unit_test(warnings_are_those_of_the_table),
		cmocka_unit_test(security_is_as_the_table_of_rights),
	};
	return cmocka_run_group_tests(tests, load, unload);
}
