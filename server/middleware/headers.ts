import type { HeadersConfig } from './headers.options.ts'
import type { Middleware } from './middleware.ts'

/**
 * Sets, adds and removes fields on the way to the server and on the way back. Config check keeps it off the
 * fields that frame a message or belong to one connection. `Host` may be set on requests: servers that serve
 * several names need it; it changes what the server sees, not which rule was chosen.
 */
export function headers({ request, response }: HeadersConfig): Middleware {
  const toServer = editsOf(request)
  const toClient = editsOf(response)
  return {
    name: 'headers',
    isPure: true,
    ...(toServer.length > 0 && {
      request: (x) => {
        apply(toServer, x.request)
        return undefined
      },
    }),
    ...(toClient.length > 0 && { response: (_, head) => apply(toClient, head) }),
  }
}

type Edit =
  | { readonly is: 'remove'; readonly name: string }
  | { readonly is: 'set' | 'add'; readonly name: string; readonly value: string }

/** What both kinds of head offer. */
interface Head {
  set(name: string, value: string): void
  add(name: string, value: string): void
  remove(name: string): void
}

/** Remove, set, add: so that a field can be replaced by several. */
function editsOf({ set, add, remove }: HeadersConfig['request']): Edit[] {
  return [
    ...remove.map((name) => ({ is: 'remove' as const, name: name.toLowerCase() })),
    ...Object.entries(set).map(([name, value]) => ({ is: 'set' as const, name, value })),
    ...Object.entries(add).map(([name, value]) => ({ is: 'add' as const, name, value })),
  ]
}

function apply(edits: readonly Edit[], head: Head): void {
  for (const edit of edits) {
    if (edit.is === 'remove') head.remove(edit.name)
    else if (edit.is === 'set') head.set(edit.name, edit.value)
    else head.add(edit.name, edit.value)
  }
}
