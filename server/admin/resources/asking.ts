// What requests for resources may say beside their body, and how their answers look.
import { accountOf, calledOf } from '../../control/store/principal.ts'
import { Type } from '@sinclair/typebox'
import { LINES } from '../plain-text.ts'
import { noteOf } from '../made-by.ts'
import { pageOf, PAGE_QUERY } from '../pages.ts'
import { jsonAnswer, problem } from '../problem.ts'
import type { Path } from '../../config/tree.ts'
import type { Asked } from '../route.ts'
import { noteWritten } from './audited.ts'
import { FILTER_DESCRIPTION, statusIn } from './filters.ts'
import { tagAt, tagOf, type KnownConfig } from './known-config.ts'
import { inShort } from './in-short.ts'
import type { Live } from './live.ts'
import type { Operation } from './operations.ts'
import { type Collection, idsOf, isListed, type pathOf, type Resource } from './resource.ts'
import { resourceDocument } from './shown-resource.ts'
import type { Wanted } from './sent-place.ts'
import type { ConfigWriter, Writing, Written } from './writing.ts'

const SECONDS_MAX = { confirm_within: 24 * 60 * 60, watch: 60 * 60 } as const

/** Of a change. */
export const CHANGE_QUERY = Type.Object(
  {
    dry_run: Type.Optional(
      Type.Union([Type.Literal('true'), Type.Literal('false')], {
        description:
          'Nothing is changed: the answer has the diff of the file, what differs in words, and whom it touches.',
      }),
    ),
    confirm_within: Type.Optional(
      Type.String({ pattern: '^[0-9.]+$', allowed: `seconds, up to ${SECONDS_MAX.confirm_within}` }),
    ),
    watch: Type.Optional(
      Type.String({
        pattern: '^[0-9.]+$',
        allowed: `seconds, up to ${SECONDS_MAX.watch}`,
        description: 'It is taken back by itself where those who are served fare worse in this time.',
      }),
    ),
    message: Type.Optional(
      Type.String({
        maxLength: 1000,
        pattern: LINES,
        description: 'What it is for, kept with the revision.',
      }),
    ),
  },
  { additionalProperties: false },
)

/** Of a list. */
export const LIST_QUERY = Type.Object(
  {
    ...PAGE_QUERY,
    name: Type.Optional(
      Type.String({ maxLength: 200, description: 'Only those whose name or URL contains this.' }),
    ),
    filter: Type.Optional(Type.String({ maxLength: 200, description: FILTER_DESCRIPTION })),
    fields: Type.Optional(
      Type.String({
        maxLength: 200,
        description: 'Only these members beside the id, or members of them: live,effective.algorithm',
      }),
    ),
  },
  { additionalProperties: false },
)

/** A resource as it is sent: as it would stand in the file. */
export const BODY = Type.Object(
  {},
  { additionalProperties: true, description: 'As it would stand in the config file.' },
)

/** Of a change that was made. */
export const CHANGE = Type.Object(
  {
    changed: Type.Boolean({ description: 'The file is another one than before.' }),
    revision: Type.Integer({ description: 'That is served now.' }),
    hash: Type.String({ description: 'Of its text.' }),
    reformatted: Type.Boolean(),
    warnings: Type.Array(Type.String()),
    operation: Type.Optional(Type.String()),
    confirm_by: Type.Optional(Type.String()),
    admin: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  },
  { title: 'Change' },
)

export const RESOURCE = Type.Object(
  {
    id: Type.String(),
    etag: Type.String({ description: 'For If-Match.' }),
    configured: Type.Unknown({ description: 'As it is written, without secrets.' }),
    effective: Type.Unknown({ description: 'With every default.' }),
    live: Type.Optional(Type.Unknown({ description: 'How it fares.' })),
    place: Type.Object({
      file: Type.String(),
      line: Type.Integer(),
      column: Type.Integer(),
      end_line: Type.Integer(),
    }),
    change: Type.Optional(CHANGE),
  },
  { additionalProperties: true, title: 'Resource' },
)

export const LIST = Type.Object(
  {
    items: Type.Array(RESOURCE),
    total: Type.Integer(),
    next_cursor: Type.Union([Type.String(), Type.Null()]),
  },
  { additionalProperties: true, title: 'ResourceList' },
)

/** What an operation was asked with. */
export function writingOf(
  asked: Asked,
  operations: readonly {
    readonly operation: Operation
    readonly pointer: string
    readonly sentAs?: Wanted['sentAs']
    readonly ifMatch?: string | null
  }[],
): Writing | Response {
  const { query, request } = asked
  const [confirmS, watchS] = [secondsIn(query, 'confirm_within'), secondsIn(query, 'watch')]
  if (confirmS === undefined || watchS === undefined) {
    const name = confirmS === undefined ? 'confirm_within' : 'watch'
    return problem('query_invalid', `${name} is no number of seconds up to ${SECONDS_MAX[name]}.`)
  }
  const ifMatch = request.headers.get('if-match')
  return {
    wanted: operations.map((one) => ({ ...one, ifMatch: one.ifMatch === undefined ? ifMatch : one.ifMatch })),
    ...{ by: calledOf(asked.who), account: accountOf(asked.who) },
    seesFile: asked.who.isScoped !== true,
    note: noteOf(asked, query.get('message') ?? inShort(operations.map(({ operation }) => operation))),
    ...{ isDryRun: query.get('dry_run') === 'true', signal: request.signal },
    confirmWithinMs: confirmS === null ? null : confirmS * 1000,
    watchMs: watchS === null ? null : watchS * 1000,
    baseRevision: null,
    baseHash: null,
  }
}

/** Null: it is not there; undefined: it is none. */
function secondsIn(query: URLSearchParams, name: keyof typeof SECONDS_MAX): number | null | undefined {
  const text = query.get(name)
  const seconds = text === null ? null : Number(text)
  return seconds === null || (seconds > 0 && seconds <= SECONDS_MAX[name]) ? seconds : undefined
}

/** A page has another open: what it changes must say what it was made from. */
export function unconditional({ request, who }: Asked): Response | null {
  if (who.kind !== 'user' || request.headers.has('if-match')) return null
  return problem('precondition_required', 'The etag of what this was made from goes into If-Match.')
}

/** Made, changed or gone; `of` names it as it is now. */
export async function writeAnswer({
  request,
  writer,
  writing,
  in: list,
  live,
}: {
  request: Request
  writer: ConfigWriter
  writing: Writing | Response
  in: Collection
  live: (known: KnownConfig) => Live
}): Promise<Response> {
  if (writing instanceof Response) return writing
  const written = await writer.write(writing)
  noteWritten(request, writing.wanted, written)
  return writtenAnswer(written, { in: list, live })
}

function writtenAnswer(
  written: Written,
  { in: list, live }: { in: Collection; live: (known: KnownConfig) => Live },
): Response {
  if (written.is === 'refused') return written.answer
  if (written.is === 'tried') return jsonAnswer(written.document)
  const { known, planned, isChanged, isReformatted, warnings, further } = written
  const change = {
    changed: isChanged,
    revision: known.revision,
    hash: known.hash,
    reformatted: isReformatted,
    warnings,
    ...further,
  }
  const last = planned.at(-1)
  if (last?.path === null || last === undefined) return jsonAnswer({ change })
  if (last.id === '')
    return jsonAnswer({ change, order: idsOf(known.value, list) }, 200, {
      ETag: tagOf(idsOf(known.value, list), known.tagKey),
    })
  const resource = { ...list, id: last.id }
  const document = {
    ...resourceDocument(known, list, {
      id: last.id,
      path: last.path,
      live: live(known).of(resource, last.path),
    }),
    change,
  }
  const headers = { ETag: tagAt(known, last.path) }
  return last.isNew
    ? jsonAnswer(document, 201, {
        ...headers,
        Location: `/api/v1/${list.name}/${encodeURIComponent(last.id)}`,
      })
    : jsonAnswer(document, 200, headers)
}

export function listAnswer(
  { query }: Asked,
  { known, in: list, live, more = {} }: { known: KnownConfig; in: Collection; live: Live; more?: object },
): Response {
  const ids = idsOf(known.value, list)
  const part = query.get('name')?.toLowerCase() ?? ''
  const status = statusIn(query, list.kind)
  if (status instanceof Response) return status
  // Of ten thousand none is looked for one by one.
  const places = new Map(ids.map((id, index) => [id, index]))
  const pathTo = (id: string): Path => [...list.path, isListed(list) ? (places.get(id) ?? 0) : id]
  const fares = (id: string): boolean =>
    status === null || live.statusOf({ ...list, id }, pathTo(id)) === status
  const wanted = ids.filter((id) => id.toLowerCase().includes(part) && fares(id))
  const tag = tagOf(ids, known.tagKey)
  const page = pageOf(wanted, query, (id) => id)
  if (page instanceof Response) return page
  const fields = query.get('fields')?.split(',')
  const items = page.items.map((id) => {
    const path = pathTo(id)
    const whole = resourceDocument(known, list, { id, path, live: live.of({ ...list, id }, path) })
    return fields === undefined ? whole : only(whole, ['id', 'etag', ...fields])
  })
  return jsonAnswer({ items, total: wanted.length, next_cursor: page.next_cursor, ...more }, 200, {
    ETag: tag,
  })
}

/** A member, or one within a member: `effective.algorithm`. */
function only(document: object, fields: readonly string[]): object {
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(document)) {
    const inner = fields.flatMap((field) =>
      field.startsWith(`${key}.`) ? [field.slice(key.length + 1)] : [],
    )
    if (fields.includes(key)) kept[key] = value
    else if (inner.length > 0 && typeof value === 'object' && value !== null) kept[key] = only(value, inner)
  }
  return kept
}

export function oneAnswer(
  { request }: Asked,
  {
    known,
    of,
    path,
    live,
    more = {},
  }: {
    known: KnownConfig
    of: Resource
    path: NonNullable<ReturnType<typeof pathOf>>
    live: Live
    more?: object
  },
): Response {
  const headers = { ETag: tagAt(known, path) }
  if (request.headers.get('if-none-match') === headers.ETag)
    return new Response(null, { status: 304, headers })
  return jsonAnswer(
    { ...resourceDocument(known, of, { id: of.id, path, live: live.of(of, path) }), ...more },
    200,
    headers,
  )
}
