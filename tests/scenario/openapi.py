"""A client made from the program's own OpenAPI document: it holds every answer against the document."""
import itertools
import json
import urllib.parse

import jsonschema

from server import UnixConnection

NESTED_MAX = 3  # a warning has a reason, and that one another
METHODS = ('get', 'put', 'post', 'patch', 'delete')


def resolved(document, part, within=()):
    """Without $ref: what it leads to, with what stands beside it. What leads to itself may do so a few times."""
    if isinstance(part, list):
        return [resolved(document, p, within) for p in part]
    if not isinstance(part, dict):
        return part
    beside = {k: resolved(document, v, within) for k, v in part.items() if k != '$ref'}
    if '$ref' not in part:
        return beside
    if within.count(part['$ref']) == NESTED_MAX:
        return {'not': {}}
    target = document
    for word in part['$ref'].removeprefix('#/').split('/'):
        target = target[word]
    return {**resolved(document, target, (*within, part['$ref'])), **beside}


def closed(schema, inside=False):
    """A client must not stumble over what comes later, so the document leaves objects open. Here nothing may come that
    it does not name."""
    if isinstance(schema, list):
        return [closed(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {k: [closed(s, True) for s in v] if k == 'allOf' else closed(v) for k, v in schema.items()}
    if not inside and ('properties' in schema or 'allOf' in schema):
        shut['unevaluatedProperties'] = False
    return shut


class Operation:
    def __init__(self, path, method, item, operation):
        self.path, self.method, self.id = path, method.upper(), operation['operationId']
        parameters = item.get('parameters', []) + operation.get('parameters', [])
        self.parameters = {where: {p['name']: p for p in parameters if p['in'] == where}
                           for where in ('path', 'query', 'header')}
        self.tags = operation['tags']
        self.request = operation.get('requestBody', {}).get('content', {}).get('application/json', {}).get('schema')
        self.body_required = operation.get('requestBody', {}).get('required', False)
        self.responses = operation['responses']


class Answer:
    def __init__(self, status, headers, text):
        self.status, self.headers, self.text = status, headers, text
        self.json = json.loads(text) if 'json' in (headers.get('content-type') or '') else None

    def __str__(self):
        return f'{self.status} {self.text[:500]}'


class Api:
    def __init__(self, socket):
        self.socket = socket
        self.know(self.send('GET', '/api/v1/openapi.json').json)

    def know(self, document):
        self.document = document
        self.succeeded = set()  # operationIds
        self.codes = set()      # of problems
        whole = resolved(self.document, self.document)
        self.paths, self.schemas = whole['paths'], whole['components']['schemas']
        self.operations = {o.id: o for o in (Operation(path, method, item, item[method])
                                             for path, item in self.paths.items() for method in METHODS if method in item)}
        self.statuses = {c['const']: int(c['description'].split('.')[0])
                         for c in self.schemas['ProblemCode']['oneOf']}

    def send(self, method, target, body=None, headers=None):
        connection = UnixConnection(self.socket)
        connection.putrequest(method, target)
        for name, value in {**({'Content-Length': str(len(body))} if body else {}), **(headers or {})}.items():
            connection.putheader(name, value)
        connection.endheaders()
        try:
            connection.send(body or b'')
        except BrokenPipeError:
            pass  # refused by its head
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return Answer(answer.status, answer.headers, text)

    def call(self, operation, path=None, query=(), headers=None, body=None, raw=None):
        """body: sent as JSON. raw: sent as it is, as JSON too. The answer is one that the document knows."""
        o = self.operations[operation]
        target = o.path
        for name in o.parameters['path']:
            target = target.replace('{%s}' % name, urllib.parse.quote(path[name], safe=''))
        if query:
            target += '?' + urllib.parse.urlencode(query)
        text = raw if raw is not None else json.dumps(body).encode() if body is not None else None
        answer = self.send(o.method, target, text, {**({'Content-Type': 'application/json'} if text else {}), **(headers or {})})
        self.check(o, answer, f'{o.method} {target} {(text or b"")[:300]}')
        return answer

    def good(self, operation, *args, **kwargs):
        answer = self.call(operation, *args, **kwargs)
        assert answer.status < 400, (operation, args, kwargs, str(answer))
        self.succeeded.add(operation)
        return answer

    def bad(self, operation, code, field=None, **kwargs):
        answer = self.call(operation, **kwargs)
        problem = answer.json or {}
        assert (problem.get('code'), problem.get('field')) == (code, field), (operation, code, field, kwargs, str(answer))
        return answer

    def check(self, o, answer, asked):
        response = o.responses.get(str(answer.status)) or o.responses['default']
        content, kind = response.get('content'), (answer.headers.get('content-type') or '').split(';')[0]
        if not content:
            assert not answer.text and not kind, (asked, str(answer))
        else:
            assert kind in content, (asked, kind, str(answer))
        for name, header in response.get('headers', {}).items():
            self.validate(answer.headers.get(name.lower()), header['schema'], f'{asked}: {name}')
        if answer.json is not None:
            self.validate(answer.json, content[kind]['schema'], asked)
        if kind == 'application/problem+json':
            self.codes.add(answer.json['code'])
            assert answer.json['status'] == answer.status == self.statuses[answer.json['code']], (asked, str(answer))
            assert ' ' in answer.json['detail'], (asked, str(answer))

    def validate(self, value, schema, asked):
        errors = list(jsonschema.Draft202012Validator(closed(schema)).iter_errors(value))
        assert not errors, f'{asked}\n' + '\n'.join(f'{list(e.path)}: {e.message}'[:600] for e in errors)


class PageApi(Api):
    """The same as a page asks it over HTTPS: with the browser's cookie, or its token."""

    def __init__(self, api, browser):
        self.browser = browser
        self.know(api.document)
        self.succeeded, self.codes = api.succeeded, api.codes

    def send(self, method, target, body=None, headers=None):
        got = self.browser.ask(method, target, headers=headers, raw=body)
        return Answer(got.status, got.headers, got.text)


def wrong_values(schema):
    """What the schema refuses: other types, outside of its bounds, too long, not its pattern, none of its words."""
    kinds = {'string': 'a', 'integer': 1}
    valid = jsonschema.Draft202012Validator(schema).is_valid
    others = [7, -1, 1.5, True, [], ['a'], {}, {'a': 1}] if schema['type'] == 'string' else ['1', '', 1.5, True, [], {}]
    edges = [schema.get('minimum', 0) - 1, schema.get('maximum', 0) + 1, 2 ** 62] if schema['type'] == 'integer' else []
    texts = wrong_texts(schema) if schema['type'] == 'string' else []
    assert schema['type'] in kinds, schema
    return [v for v in itertools.chain(others, edges, texts) if not valid(v)]


def wrong_texts(schema):
    valid = jsonschema.Draft202012Validator(schema).is_valid
    longest = schema.get('maxLength', 64)
    candidates = ['', ' ', 'a' * (longest + 1), '1' * (longest + 1), 'no such word', 'ANYTHING', '../..', "x' OR '1'='1",
                  'a\r\nb', '\x7f', 'é' * 10, '\U0001f600', '%00', '<b>']
    return [c for c in candidates if not valid(c)]
