import { type Added, added } from '../head/edits.ts'
import { template } from '../rules/template.ts'
import type { Told } from '../rules/variables.ts'
import type { HeadersConfig } from './headers.options.ts'
import type { Middleware } from './middleware.ts'

/**
 * Renames, sets, adds and removes fields on the way to the server and on the way back. Config check keeps it
 * off the fields that frame a message or belong to one connection. `Host` may be set on requests: servers
 * that serve several names need it; it changes what the server sees, not which rule was chosen.
 */
export function headers({ request, response }: HeadersConfig): Middleware {
  const toServer = editsOf(request)
  const toClient = editsOf(response)
  return {
    name: 'headers',
    isPure: true,
    ...(toServer.length > 0 && {
      request: (x) => {
        for (const edit of toServer) edit(x.request, x)
        return undefined
      },
    }),
    ...(toClient.length > 0 && {
      response: (x, head) => {
        for (const edit of toClient) edit(head, x)
      },
    }),
  }
}

type Edit = (head: Head, x: Told) => void

/** What both kinds of head offer. */
interface Head {
  get(lower: string): string | null
  values(lower: string): string[]
  set(name: string, value: string): void
  add(name: string, value: string): void
  setMade(field: Added): void
  addMade(field: Added): void
  remove(name: string): void
}

/** Remove, rename, set, add: so that a field can be replaced by several. */
function editsOf({ set, add, remove, rename }: HeadersConfig['request']): Edit[] {
  return [
    ...remove.map((name): Edit => {
      const lower = name.toLowerCase()
      return (head) => head.remove(lower)
    }),
    ...Object.entries(rename).map(([from, to]) => renaming(from.toLowerCase(), to)),
    ...Object.entries(set).map(([name, value]) => setting(name, value)),
    ...Object.entries(add).map(([name, value]) => adding(name, value)),
  ]
}

/**
 * All its lines, as they came. The other name has those alone then: who may not send it cannot make it look
 * as if it had been renamed.
 */
function renaming(from: string, to: string): Edit {
  return (head) => {
    const first = head.get(from)
    head.remove(to)
    if (first === null) return
    // One that a step before has set is one line.
    const values = head.values(from)
    const isAsCame = values[0] === first
    head.remove(from)
    for (const value of isAsCame ? values : [first]) head.add(to, value)
  }
}

/** Where a variable has no value there is no field, the client's own neither. */
function setting(name: string, value: string): Edit {
  const text = template(value, 'field')
  const { fixed } = text
  const field = fixed === null ? null : added(name, fixed)
  if (field !== null) return (head) => head.setMade(field)
  return (head, x) => {
    const made = text.whole(x)
    if (made === null) head.remove(name)
    else head.set(name, made)
  }
}

function adding(name: string, value: string): Edit {
  const text = template(value, 'field')
  const { fixed } = text
  const field = fixed === null ? null : added(name, fixed)
  if (field !== null) return (head) => head.addMade(field)
  return (head, x) => {
    const made = text.whole(x)
    if (made !== null) head.add(name, made)
  }
}
