import { Type, type Static } from '@sinclair/typebox'
import type { Where } from '../config/where.ts'
import { FieldName, FieldValue, MapOf } from '../lib/kinds.ts'
import { isOwnOnAnswer, isOwnOnRequest, OWN_FIELD, VARIABLES_OF_ANSWERS } from '../lib/own-fields.ts'

const Edits = Type.Object(
  {
    set: MapOf('field-name', FieldValue({ description: 'Value.' }), 'Replace the field, or add it.'),
    add: MapOf(
      'field-name',
      FieldValue({ description: 'Value.' }),
      'Add the field beside others of its name.',
    ),
    remove: Type.Array(FieldName({ description: 'Name.' }), {
      default: [],
      description: 'Remove all fields of these names.',
    }),
  },
  { default: {}, description: 'In this order: remove, set, add.' },
)

export const HeadersOptions = Type.Object(
  { request: Edits, response: Edits },
  { description: 'Sets, adds and removes header fields on the way to the server and on the way back.' },
)
export type HeadersConfig = Static<typeof HeadersOptions>

const VARIABLES_OF_REQUESTS =
  'servers are told of the client by X-Forwarded-For, -Host, -Proto and -Port: see "forwarded" of listeners'

export function checkHeaders({ request, response }: HeadersConfig, where: Where): void {
  checkValues('request', request, where, VARIABLES_OF_REQUESTS)
  checkValues('response', response, where, VARIABLES_OF_ANSWERS)
  checkNames('request', request, where, isOwnOnRequest)
  checkNames('response', response, where, isOwnOnAnswer)
  const host = Object.entries(request.set).find(([name]) => name.toLowerCase() === 'host')
  if (host === undefined || /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/.test(host[1])) return
  where.report(['request', 'set', host[0]], {
    code: 'wrong-value',
    found: 'a value that is no host',
    allowed: 'host or host:port',
  })
}

type Of = 'request' | 'response'
type Kind = 'set' | 'add' | 'remove'

function checkValues(of: Of, edits: HeadersConfig[Of], where: Where, hint: string): void {
  for (const kind of ['set', 'add'] as const)
    for (const [name, value] of Object.entries(edits[kind]))
      where.checkVariables([of, kind, name], value, hint)
}

function checkNames(
  of: Of,
  { set, add, remove }: HeadersConfig[Of],
  where: Where,
  isOwn: (name: string, kind: Kind) => boolean,
): void {
  const report = (path: (string | number)[], quoted: string): void =>
    where.report(path, { code: 'conflict', found: `the field ${quoted}`, ...OWN_FIELD })
  for (const name of Object.keys(set)) if (isOwn(name, 'set')) report([of, 'set', name], JSON.stringify(name))
  for (const name of Object.keys(add)) if (isOwn(name, 'add')) report([of, 'add', name], JSON.stringify(name))
  for (const [index, name] of remove.entries())
    if (isOwn(name, 'remove')) report([of, 'remove', index], where.quoted([of, 'remove', index], name))
}
