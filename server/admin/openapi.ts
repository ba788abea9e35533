// The OpenAPI document of the admin API, made from the table of routes.
import { typesOf } from './body.ts'
import { type ProblemCode, PROBLEMS } from './problem-codes.ts'
import { type Json, SharedRefusals, SharedSchemas } from './openapi-shared.ts'
import { PROBLEM_TYPE } from './problem.ts'
import { ROLE_FOR } from './roles.ts'
import type { AnswerKind, Route } from './route.ts'

const DIALECT = 'https://json-schema.org/draft/2020-12/schema'
const JSON_TYPE = 'application/json'

/** OpenAPI 3.1 of these routes. */
export function openApiOf(routes: readonly Route[], version: string): Json {
  const etags = new Set(routes.filter(({ answers }) => 412 in answers).map(({ path }) => path))
  const paths: Record<string, Record<string, Json>> = {}
  const shared: Shared = { schemas: new SharedSchemas(), refusals: new SharedRefusals() }
  for (const route of routes)
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route, etags.has(route.path), shared)
  const tags = [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name }))
  return {
    openapi: '3.1.0',
    info: { title: 'Sluice admin API', version, license: { name: 'MIT', identifier: 'MIT' } },
    jsonSchemaDialect: DIALECT,
    servers: [{ url: '/' }],
    tags,
    paths,
    components: {
      ...COMPONENTS,
      schemas: { ...COMPONENTS.schemas, ...shared.schemas.all },
      responses: shared.refusals.all,
    },
  }
}

interface Shared {
  readonly schemas: SharedSchemas
  readonly refusals: SharedRefusals
}

function operation(route: Route, hasETag: boolean, shared: Shared): Json {
  const { method, path, permission, isForTrusted = false, tag, summary, needsStepUp, isReadOnly } = route
  const role = ROLE_FOR[permission]
  const known = [{ token: [] }, { sign_in: [] }]
  const body = requestBody(route)
  return {
    operationId: `${method.toLowerCase()}${path.replaceAll(/\W+/g, '_')}`,
    tags: [tag],
    summary,
    'x-required-role': role,
    ...(needsStepUp === true && { 'x-needs-step-up': true }),
    ...(isReadOnly === true && { 'x-changes-nothing': true }),
    security: role === null ? [] : isForTrusted ? [...known, {}] : known,
    parameters: parameters(route, hasETag),
    ...(body !== null && { requestBody: body }),
    responses: responses(route, hasETag, shared),
  }
}

function parameters({ method, path, query, answers }: Route, hasETag: boolean): readonly Json[] {
  const ofPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => {
    return { name, in: 'path', required: true, schema: { type: 'string' } }
  })
  const required = new Set(query?.required)
  const ofQuery = Object.entries(query?.properties ?? {}).map(([name, schema]) => {
    return { name, in: 'query', required: required.has(name), schema }
  })
  const headers: Json[] = []
  if (412 in answers) headers.push({ $ref: '#/components/parameters/IfMatch' })
  if (method === 'GET' && hasETag) headers.push({ $ref: '#/components/parameters/IfNoneMatch' })
  if (method === 'POST') headers.push({ $ref: '#/components/parameters/IdempotencyKey' })
  return [...ofPath, ...ofQuery, ...headers]
}

function requestBody(route: Route): Json | null {
  const types = typesOf(route)
  if (types.length === 0) return null
  const media = (type: string): Json =>
    type.endsWith('json') && route.body !== undefined ? { schema: route.body } : {}
  return { required: true, content: Object.fromEntries(types.map((type) => [type, media(type)])) }
}

function responses(route: Route, hasETag: boolean, { schemas, refusals }: Shared): Json {
  const all: Record<string, Json> = {}
  for (const status of commonStatuses(route)) all[status] = refusals.refer(status, HEADERS)
  for (const [status, kind] of Object.entries(route.answers)) {
    const schema = kind.schema && schemas.refer(kind.schema)
    all[status] = answerOf(Number(status), { ...kind, schema }, hasETag && route.method !== 'DELETE')
  }
  return all
}

const HEADERS: Json = { 'Sluice-Config-Revision': { $ref: '#/components/headers/ConfigRevision' } }

/** Refusals that the shell may give to a route, whatever it answers by itself. */
function commonStatuses(route: Route): readonly number[] {
  const { permission, body, path } = route
  const takesBody = typesOf(route).length > 0
  return [
    ...(path.startsWith('/api/') || takesBody ? [400] : []),
    ...(permission === 'open' ? [] : [401]),
    ...[403],
    ...(path.includes('{') ? [404] : []),
    ...(takesBody ? [413, 415] : []),
    ...(body === undefined ? [] : [422]),
    ...[421, 500, 503],
  ]
}

function answerOf(
  status: number,
  { description, schema, type }: Omit<AnswerKind, 'schema'> & { readonly schema: unknown },
  hasETag: boolean,
): Json {
  const isProblem = status >= 400 && schema === undefined
  const media = isProblem
    ? { schema: { $ref: '#/components/schemas/Problem' } }
    : schema === undefined
      ? {}
      : { schema }
  const hasBody = status !== 204 && status !== 304
  return {
    description,
    headers: {
      ...HEADERS,
      ...(hasETag && status < 300 && { ETag: { $ref: '#/components/headers/ETag' } }),
    },
    ...(hasBody && { content: { [type ?? (isProblem ? PROBLEM_TYPE : JSON_TYPE)]: media } }),
  }
}

const text = (description: string): Json => ({ type: 'string', description })

const COMPONENTS = {
  securitySchemes: {
    token: { type: 'http', scheme: 'bearer', description: 'A token (slt_…) or a JWT.' },
    sign_in: {
      type: 'apiKey',
      in: 'cookie',
      name: '__Host-sluice-ID',
      description: 'A sign-in of a browser; ID is of the installation.',
    },
  },
  headers: {
    ConfigRevision: { description: 'The revision of the config that is served.', schema: { type: 'string' } },
    ETag: { description: 'Of what is configured, never of live states.', schema: { type: 'string' } },
  },
  parameters: {
    IfMatch: {
      name: 'If-Match',
      in: 'header',
      schema: text('The ETag that a change was made from; * overrides.'),
    },
    IfNoneMatch: { name: 'If-None-Match', in: 'header', schema: text('An ETag: 304 when it is still that.') },
    IdempotencyKey: {
      name: 'Idempotency-Key',
      in: 'header',
      schema: { ...text('Sent again within ten minutes, the first answer comes again.'), maxLength: 200 },
    },
  },
  schemas: {
    Problem: {
      type: 'object',
      description: 'Why not (RFC 9457).',
      required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'errors'],
      properties: {
        type: text('Address of a page that explains the code.'),
        title: text('The same for each problem of the code.'),
        status: { type: 'integer' },
        detail: text('What stands against this request.'),
        instance: text('The request; the log names it as well.'),
        code: { type: 'string', enum: Object.keys(PROBLEMS) satisfies string[] as ProblemCode[] },
        cause: text('What is behind it.'),
        hint: text('What to do.'),
        required_role: text('Of a 403: the least role that may.'),
        errors: { type: 'array', items: { $ref: '#/components/schemas/ProblemItem' } },
      },
    },
    ProblemItem: {
      type: 'object',
      required: ['message'],
      properties: {
        pointer: text('RFC 6901, into the body that was sent.'),
        parameter: text('Of the query.'),
        path: text('In the config.'),
        file: text('Of the config.'),
        line: { type: 'integer' },
        column: { type: 'integer' },
        code: text('For programs.'),
        message: text('For people.'),
        hint: text('What to do.'),
      },
    },
  },
}
