import { Type, type Static } from '@sinclair/typebox'
import type { Where } from '../config/where.ts'
import { readText } from '../lib/template-text.ts'
import { FieldName, FieldValue, MapOf } from '../lib/kinds.ts'
import { isOwnOnAnswer, isOwnOnRequest, OWN_FIELD } from '../lib/own-fields.ts'

const WITH_VARIABLES = 'Value; {client_ip}, {header.NAME} and other variables may stand in it.'

const Edits = Type.Object(
  {
    remove: Type.Array(FieldName({ description: 'Name.' }), {
      default: [],
      description: 'Remove all fields of these names.',
    }),
    rename: MapOf(
      'field-name',
      FieldName({ description: 'Its name from then on.' }),
      'Give all fields of a name another one, in place of those that have it.',
    ),
    set: MapOf(
      'field-name',
      FieldValue({ description: WITH_VARIABLES }),
      'Replace the field, or add it. Where one of its variables has no value there is none then: {NAME|TEXT} says what stands there instead.',
    ),
    add: MapOf(
      'field-name',
      FieldValue({ description: WITH_VARIABLES }),
      'Add the field beside others of its name; not where one of its variables has no value.',
    ),
  },
  { default: {}, description: 'In this order: remove, rename, set, add.', also: { replace: 'set' } },
)

export const HeadersOptions = Type.Object(
  { request: Edits, response: Edits },
  {
    description:
      'Sets, adds, removes and renames header fields on the way to the server and on the way back.',
  },
)
export type HeadersConfig = Static<typeof HeadersOptions>

export function checkHeaders({ request, response }: HeadersConfig, where: Where): void {
  checkValues('request', request, where)
  checkValues('response', response, where)
  checkNames('request', request, where, isOwnOnRequest)
  checkNames('response', response, where, isOwnOnAnswer)
  const host = Object.entries(request.set).find(([name]) => name.toLowerCase() === 'host')
  if (host === undefined || /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/.test(host[1])) return
  const hasVariables = readText(host[1]).some(({ is }) => is === 'variable')
  where.report(['request', 'set', host[0]], {
    code: 'wrong-value',
    found: hasVariables ? 'a host with variables' : 'a value that is no host',
    allowed: 'host or host:port',
    hint: hasVariables
      ? 'rewrite: { host: … } of the rule takes variables, and sees that a host comes of them'
      : null,
  })
}

type Of = 'request' | 'response'
type Kind = 'set' | 'add' | 'remove'

function checkValues(of: Of, edits: HeadersConfig[Of], where: Where): void {
  for (const kind of ['set', 'add'] as const)
    for (const [name, value] of Object.entries(edits[kind]))
      where.checkText([of, kind, name], value, of === 'request' ? 'request' : 'answer')
}

function checkNames(
  of: Of,
  { set, add, remove, rename }: HeadersConfig[Of],
  where: Where,
  isOwn: (name: string, kind: Kind) => boolean,
): void {
  const report = (path: (string | number)[], quoted: string): void =>
    where.report(path, { code: 'conflict', found: `the field ${quoted}`, ...OWN_FIELD })
  for (const name of Object.keys(set)) if (isOwn(name, 'set')) report([of, 'set', name], JSON.stringify(name))
  for (const name of Object.keys(add)) if (isOwn(name, 'add')) report([of, 'add', name], JSON.stringify(name))
  for (const [from, to] of Object.entries(rename)) {
    const path = [of, 'rename', from]
    if (isOwn(from, 'remove')) report(path, JSON.stringify(from))
    else if (isOwn(to, 'add')) report(path, where.quoted(path, to))
  }
  for (const [index, name] of remove.entries())
    if (isOwn(name, 'remove')) report([of, 'remove', index], where.quoted([of, 'remove', index], name))
}
