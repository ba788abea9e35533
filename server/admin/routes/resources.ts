// Resources of the config: listeners, backends with their servers, rules, certificates. Reading tells what is
// written, what takes effect and how it fares; a change edits the config file, and serves it.
import { Type } from '@sinclair/typebox'
import { problem } from '../problem.ts'
import { TRIED } from '../review-document.ts'
import { BODY, CHANGE, CHANGE_QUERY, LIST, LIST_QUERY, RESOURCE, unconditional } from '../resources/asking.ts'
import { Desk, type DeskFacts, type Place } from '../resources/desk.ts'
import { whereOf } from '../resources/operations.ts'
import { collectionOf, NOUNS, serversOf } from '../resources/resource.ts'
import { param, type Route } from '../route.ts'

const KINDS = ['listeners', 'rules', 'backends', 'certificates'] as const
const placeOf = (kind: (typeof KINDS)[number]): Place => ({
  path: `/api/v1/${kind}`,
  noun: NOUNS[kind],
  of: () => collectionOf(kind),
  idOf: (asked) => param(asked, NOUNS[kind]),
})
const SERVERS: Place = {
  path: '/api/v1/backends/{backend}/servers',
  noun: 'server',
  of: (asked) => serversOf(param(asked, 'backend')),
  idOf: (asked) => param(asked, 'server'),
}

const WRITTEN = {
  200: {
    description: 'It is served as it is told; or what it would do, of a dry run.',
    schema: Type.Union([RESOURCE, TRIED, Type.Object({ change: CHANGE }, { additionalProperties: true })]),
  },
  409: { description: 'It is there already, is named by others, or the file cannot be changed so.' },
  412: { description: 'It, or the file, is not as it was.' },
  422: { description: 'What stands against it, with places in the body and in the file.' },
}
const NONE = { 404: { description: 'There is none of that name.' } }
const NEEDED = { 428: { description: 'If-Match is missing.' } }
const CREATED = { 201: { description: 'It is served.', schema: RESOURCE } }

export function resourceRoutes(facts: DeskFacts): readonly Route[] {
  const desk = new Desk(facts)
  return [...KINDS.map(placeOf), SERVERS].flatMap((place) => routesAt(place, desk)).concat(ruleRoutes(desk))
}

function routesAt(place: Place, desk: Desk): Route[] {
  const { path, noun } = place
  const tag = path.includes('servers') ? 'Servers' : `${noun[0]?.toUpperCase()}${noun.slice(1)}s`
  const one = `${path}/{${noun}}`
  const edit = {
    permission: 'edit',
    tag,
    query: CHANGE_QUERY,
    ...(noun === 'certificate' && { needsStepUp: true }),
  } as const
  const view = { method: 'GET', permission: 'view', tag } as const
  return [
    {
      ...{
        ...view,
        path,
        query: LIST_QUERY,
        summary: `The ${noun}s, as they are written, take effect and fare`,
      },
      answers: { 200: { description: 'In the order of the file, by pages.', schema: LIST }, ...NONE },
      answer: (asked) => desk.list(asked, place),
    },
    {
      ...{ ...edit, method: 'POST', path, body: BODY, summary: `Add a ${noun}` },
      answers: { ...WRITTEN, ...CREATED, ...NONE },
      answer: (asked) => desk.create(asked, place),
    },
    {
      ...{ ...view, path: one, summary: `A ${noun}` },
      answers: {
        200: { description: 'With its ETag.', schema: RESOURCE },
        304: { description: 'It is as it was.' },
        ...NONE,
      },
      answer: (asked) => desk.one(asked, place),
    },
    {
      ...{
        ...edit,
        method: 'PUT',
        path: one,
        body: BODY,
        summary: `Replace a ${noun}, or add it by its name`,
      },
      answers: { ...WRITTEN, ...NEEDED, ...CREATED, ...NONE },
      answer: (asked) => desk.replace(asked, place),
    },
    {
      ...{ ...edit, method: 'PATCH', path: one, body: BODY },
      summary: `Change fields of a ${noun} (RFC 7396): null removes one, what is not named stays`,
      answers: { ...WRITTEN, ...NEEDED, ...NONE },
      answer: (asked) => desk.update(asked, place),
    },
    {
      ...{ ...edit, method: 'DELETE', path: one, summary: `Remove a ${noun} that nothing names` },
      answers: { ...WRITTEN, ...NEEDED, ...NONE },
      answer: (asked) => desk.remove(asked, place),
    },
  ]
}

const ORDER = Type.Object(
  { order: Type.Array(Type.String(), { maxItems: 100_000, description: 'Each name once.' }) },
  { additionalProperties: false },
)
const MOVE = Type.Object(
  {
    index: Type.Optional(Type.Integer({ minimum: 0, description: 'The place that it is to have, from 0.' })),
    before: Type.Optional(Type.String({ description: 'In place of it: the rule that it goes before.' })),
    after: Type.Optional(Type.String({ description: 'Or the one that it goes behind.' })),
  },
  { additionalProperties: false },
)

function ruleRoutes(desk: Desk): Route[] {
  const edit = { method: 'POST', permission: 'edit', tag: 'Rules', query: CHANGE_QUERY } as const
  return [
    {
      ...{
        ...edit,
        path: '/api/v1/rules/reorder',
        body: ORDER,
        bodyBytesMax: 16 * 1024 * 1024,
        summary: 'Put the rules into another order: the first that matches wins',
      },
      answers: { ...WRITTEN, ...NEEDED },
      answer: (asked) => {
        const { order } = asked.body as (typeof ORDER)['static']
        return unconditional(asked) ?? desk.write(asked, { op: 'reorder', in: collectionOf('rules'), order })
      },
    },
    {
      ...{ ...edit, path: '/api/v1/rules/{rule}/move', body: MOVE, summary: 'Move a rule to another place' },
      answers: { ...WRITTEN, ...NONE },
      answer: (asked) => {
        const to = whereOf(asked.body as (typeof MOVE)['static'])
        if (to === null || Object.keys(asked.body as object).length > 1)
          return problem('body_invalid', 'One of index, before and after says where to.')
        return desk.write(asked, {
          op: 'move',
          of: { ...collectionOf('rules'), id: param(asked, 'rule') },
          to,
        })
      },
    },
  ]
}
