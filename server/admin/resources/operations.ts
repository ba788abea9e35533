// What is to become of a resource, as edits of the config. Nothing is done here: what stands against it is
// thrown as Refused.
import { HIDDEN } from '../../config/hidden.ts'
import type { Plain } from '../../config/spell.ts'
import { type Edit, isList, type Value, valueAt, withEdit } from '../../config/edit/values.ts'
import type { Config } from '../../config/schema.ts'
import type { Path } from '../../config/tree.ts'
import { fewestMoves } from './fewest-moves.ts'
import { tagOf } from './known-config.ts'
import { Refused } from './refused.ts'
import { type Collection, idsOf, isListed, NOUNS, pathOf, type Resource, usersOf } from './resource.ts'
import { asPlain, isPlainMap, merged, withSecrets } from './secrets.ts'

export type Operation =
  | {
      readonly op: 'create'
      readonly in: Collection
      readonly id: string | null
      readonly value: unknown
      readonly at: number | null
    }
  | { readonly op: 'update' | 'replace'; readonly of: Resource; readonly value: unknown }
  | { readonly op: 'delete'; readonly of: Resource }
  | { readonly op: 'move'; readonly of: Resource; readonly to: Where }
  | { readonly op: 'reorder'; readonly in: Collection; readonly order: readonly string[] }

/** A place in a list: an index counted without the item itself, or another item. */
export type Where = { readonly index: number } | { readonly before: string } | { readonly after: string }

export interface SentWhere {
  readonly index?: number | undefined
  readonly before?: string | undefined
  readonly after?: string | undefined
}

/** As it was sent; null: nothing says where to. */
export function whereOf({ index, before, after }: SentWhere): Where | null {
  if (index !== undefined) return { index }
  if (before !== undefined) return { before }
  return after === undefined ? null : { after }
}

/** What an operation comes to. */
export interface Planned {
  readonly edits: readonly Edit[]
  /** What the config says with them. */
  readonly value: Value
  /** Where the resource stands then; null: it is gone. */
  readonly path: Path | null
  readonly id: string
  /** It was not there before. */
  readonly isNew: boolean
}

export interface PlanParts {
  /** What is written before, in the long form. */
  readonly value: Value
  /** For URLs that come from variables; null: places are not those of it any more. */
  readonly config: Config | null
  /** What is told of it, without secrets. */
  readonly shown: (of: Resource) => unknown
  /** Null: whatever it is like. `*`: whatever it is, but it must be there. */
  readonly ifMatch: string | null
  readonly tagKey: Uint8Array
}

export function planned(operation: Operation, parts: PlanParts): Planned {
  switch (operation.op) {
    case 'create':
      return created(operation, parts)
    case 'update':
    case 'replace':
      return changed(operation, parts)
    case 'delete':
      return deleted(operation.of, parts)
    case 'move':
      return moved(operation, parts)
    case 'reorder':
      return reordered(operation, parts)
  }
}

function created(
  { in: list, id: named, value: sent, at }: Extract<Operation, { op: 'create' }>,
  parts: PlanParts,
): Planned {
  const value = plainOf(sent)
  const ids = idsOf(parts.value, list)
  const id = named ?? idIn(list, value)
  if (ids.includes(id))
    throw new Refused('exists', `There is a ${NOUNS[list.kind]} ${id} already.`, { members: { id } })
  if (list.kind === 'servers')
    present(
      parts.value,
      { ...list, kind: 'backends', path: ['backends'], id: String(list.path[1]) },
      parts.config,
    )
  if (isListed(list)) {
    const index = at ?? ids.length
    if (index > ids.length)
      throw new Refused(
        'body_invalid',
        `There are ${ids.length} ${list.kind}: the last place is ${ids.length}.`,
      )
    const whole =
      list.kind === 'rules' && valueAt(asMap(value), ['name']) === undefined ? { name: id, ...value } : value
    return done(parts.value, [{ do: 'insert', path: [...list.path, index], to: whole }], {
      path: [...list.path, index],
      id,
      isNew: true,
    })
  }
  const { name: _, ...rest } = value
  return done(parts.value, [{ do: 'insert', path: [...list.path, id], to: rest }], {
    path: [...list.path, id],
    id,
    isNew: true,
  })
}

function changed(
  { op, of, value: sent }: Extract<Operation, { op: 'update' | 'replace' }>,
  parts: PlanParts,
): Planned {
  const path = matched(of, parts)
  const old = plainOfValue(valueAt(parts.value, path))
  const given = op === 'update' ? merged(old, sent) : sent
  const sentWhole = plainOf(withSecrets(old, parts.shown(of), given))
  // A rule is known by its name, wherever that was said.
  const whole = of.kind === 'rules' && !('name' in sentWhole) ? { name: of.id, ...sentWhole } : sentWhole
  refuseHidden(whole, old)
  const { name, ...rest } = whole
  const isNamedByKey = !isListed(of)
  const to = isNamedByKey ? rest : whole
  const edits: Edit[] = [{ do: 'set', path, to }]
  if (!isNamedByKey) return renamedInList(of, to, edits, { path, parts })
  const id = typeof name === 'string' ? name : of.id
  if (id === of.id) return done(parts.value, edits, { path, id })
  if (idsOf(parts.value, of).includes(id))
    throw new Refused('exists', `There is a ${NOUNS[of.kind]} ${id} already.`)
  // Whoever names it names it anew.
  const uses = usersOf(parts.value, of).map((use): Edit => ({ do: 'set', path: use.path, to: id }))
  return done(parts.value, [...edits, { do: 'rename', path, to: id }, ...uses], {
    path: [...of.path, id],
    id,
  })
}

function renamedInList(
  of: Resource,
  to: Plain,
  edits: readonly Edit[],
  { path, parts }: { path: Path; parts: PlanParts },
): Planned {
  const id = idIn(of, to)
  const others = idsOf(parts.value, of).filter((_, index) => index !== path.at(-1))
  if (others.includes(id)) throw new Refused('exists', `There is a ${NOUNS[of.kind]} ${id} already.`)
  return done(parts.value, edits, { path, id })
}

function deleted(of: Resource, parts: PlanParts): Planned {
  const path = matched(of, parts)
  const uses = usersOf(parts.value, of)
  const by = [...new Set(uses.map((use) => use.by))]
  if (by.length > 0)
    throw new Refused(
      'in_use',
      `The ${NOUNS[of.kind]} ${of.id} is named by ${by.slice(0, 5).join(', ')}${by.length > 5 ? ` and ${by.length - 5} more` : ''}.`,
      {
        members: { used_by: by.slice(0, 100) },
      },
    )
  return done(parts.value, [{ do: 'remove', path }], { path: null, id: of.id })
}

function moved({ of, to }: Extract<Operation, { op: 'move' }>, parts: PlanParts): Planned {
  if (!isListed(of)) throw new Refused('body_invalid', `The order of ${of.kind} means nothing.`)
  const path = matched(of, parts)
  const from = Number(path.at(-1))
  const rest = idsOf(parts.value, of).toSpliced(from, 1)
  const index = 'index' in to ? to.index : placeBeside(rest, to, of)
  if (index > rest.length)
    throw new Refused(
      'body_invalid',
      `There are ${rest.length + 1} ${of.kind}: places go from 0 to ${rest.length}.`,
    )
  const edits: Edit[] = index === from ? [] : [{ do: 'move', path, to: index }]
  return done(parts.value, edits, { path: [...of.path, index], id: of.id })
}

function placeBeside(
  rest: readonly string[],
  to: Exclude<Where, { index: number }>,
  { kind }: Resource,
): number {
  const other = 'before' in to ? to.before : to.after
  const place = rest.indexOf(other)
  if (place < 0) throw new Refused('body_invalid', `There is no other ${NOUNS[kind]} ${other}.`)
  return 'before' in to ? place : place + 1
}

function reordered({ in: list, order }: Extract<Operation, { op: 'reorder' }>, parts: PlanParts): Planned {
  const ids = idsOf(parts.value, list)
  refuseOther(tagOf(ids, parts.tagKey), parts, { current: ids })
  const [have, want] = [ids.toSorted(), order.toSorted()]
  if (have.length !== want.length || have.some((id, index) => id !== want[index])) {
    const missing = ids.filter((id) => !order.includes(id)).slice(0, 20)
    const unknown = order.filter((id) => !ids.includes(id)).slice(0, 20)
    const message = `The order must name each of the ${ids.length} ${list.kind} once`
    throw new Refused('body_invalid', `${message}.`, {
      errors: [{ pointer: '/order', code: 'invalid', message }],
      members: { missing, unknown },
    })
  }
  const edits: Edit[] = []
  const now = [...ids]
  for (const [index, id] of order.entries()) {
    const from = now.indexOf(id, index)
    if (from === index) continue
    now.splice(index, 0, ...now.splice(from, 1))
    edits.push({ do: 'move', path: [...list.path, from], to: index })
  }
  return done(parts.value, fewestMoves(edits, ids, order, list.path), { path: list.path, id: '' })
}

function done(
  before: Value,
  edits: readonly Edit[],
  where: Pick<Planned, 'path' | 'id'> & Partial<Pick<Planned, 'isNew'>>,
): Planned {
  const value = edits.reduce<Value>((made, edit) => withEdit(made, edit), before)
  return { isNew: false, ...where, edits, value }
}

/** Where a resource stands; throws where there is none. */
function present(value: Value, of: Resource, config: Config | null): Path {
  const path = pathOf(value, of, config)
  if (path === null) throw new Refused('not_found', `There is no ${NOUNS[of.kind]} ${of.id}.`)
  return path
}

/** The same, where it is the one that the change was made from. */
function matched(of: Resource, parts: PlanParts): Path {
  const path = present(parts.value, of, parts.config)
  refuseOther(tagOf(valueAt(parts.value, path), parts.tagKey), parts, { current: parts.shown(of) })
  return path
}

function refuseOther(tag: string, { ifMatch }: PlanParts, members: Readonly<Record<string, unknown>>): void {
  if (ifMatch === null || ifMatch === '*' || ifMatch.split(',').some((one) => one.trim() === tag)) return
  throw new Refused(
    'etag_mismatch',
    'It is not as it was when the change was made: somebody else has changed it.',
    {
      members: { current_etag: tag, ...members },
    },
  )
}

function plainOf(sent: unknown): { readonly [key: string]: Plain } {
  const plain = asPlain(sent)
  if (isPlainMap(plain)) return plain
  throw new Refused('body_invalid', 'A resource is an object, and null stands in none of its lists.')
}

const asMap = (value: { readonly [key: string]: Plain }): Value => new Map(Object.entries(value)) as Value

/** The name that something new has, or the URL of a server. */
function idIn({ kind }: Pick<Collection, 'kind'>, value: Plain): string {
  const map = isPlainMap(value) ? value : {}
  const id = map['name'] ?? (kind === 'servers' ? map['url'] : undefined)
  if (typeof id === 'string' && id !== '') return id
  const field = kind === 'servers' ? 'url' : 'name'
  throw new Refused('body_invalid', `A ${NOUNS[kind]} needs a ${field}.`, {
    errors: [{ pointer: `/${field}`, code: 'missing', message: 'is missing' }],
  })
}

/** What was told in place of a secret is none. */
function refuseHidden(value: unknown, old: unknown, pointer = ''): void {
  if (value === HIDDEN && old !== HIDDEN)
    throw new Refused('body_invalid', 'What is told in place of a secret is no value.', {
      errors: [{ pointer, code: 'invalid', message: 'leave it out, or send the secret itself' }],
    })
  if (typeof value !== 'object' || value === null) return
  for (const [key, item] of Object.entries(value))
    refuseHidden(
      item,
      (old as Record<string, unknown> | undefined)?.[key],
      `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    )
}

function plainOfValue(value: Value): unknown {
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, item]) => [key, plainOfValue(item)]))
  return isList<Value>(value) ? value.map(plainOfValue) : value
}
