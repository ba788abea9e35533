// Which listeners may lead to which backends: what the servers of a backend speak is said by their schemes.
import { familyOf, schemeOf } from '../lib/server-url.ts'
import type { Checked } from './checked.ts'
import { familyOfProtocol } from './listener-protocols.ts'
import { isStandIn } from './stand-in.ts'
import type { Path } from './tree.ts'

/** Checks where a listener, or a rule that is for these listeners, leads to a backend. */
export function checkFamily(
  checked: Checked,
  path: Path,
  backend: string,
  listeners: readonly string[],
): void {
  const { config } = checked
  const { servers = [] } = Object.hasOwn(config.backends, backend) ? (config.backends[backend] ?? {}) : {}
  const known = servers.filter(({ url }) => !isStandIn(url))
  if (known.length === 0) return
  const found = familyOf(known)
  for (const name of listeners) {
    const protocol = Object.hasOwn(config.listeners, name) ? config.listeners[name]?.protocol : undefined
    const wanted = protocol === undefined ? null : familyOfProtocol(protocol)
    if (wanted === null || wanted === found) continue
    return checked.report({
      code: 'conflict',
      path,
      found: `${checked.quoted(path, backend)}, a backend of ${found} servers`,
      allowed: `a backend whose servers are ${wanted}://, as listener "${name}" speaks ${protocol}`,
    })
  }
}

/** Checks that the servers of a backend are of one family. */
export function checkOneFamily(
  checked: Checked,
  path: Path,
  servers: readonly { readonly url: string }[],
): void {
  const known = servers.filter(({ url }) => !isStandIn(url))
  const family = familyOf(known)
  for (const [index, { url }] of servers.entries()) {
    const own = isStandIn(url) ? family : schemeOf(url)?.family
    if (own === family) continue
    const here = [...path, index, 'url']
    return checked.report({
      code: 'conflict',
      path: here,
      found: `${checked.quoted(here, url)} among ${family} servers`,
      allowed: 'servers of one kind in a backend',
      hint: 'give the others a backend of their own',
    })
  }
}
