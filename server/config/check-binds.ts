// Addresses that are opened: each by one listener only. UDP and TCP are spaces of their own.
import type { Checked } from './checked.ts'
import { type OpenAddress, overlaps, ownerOf } from './open-address.ts'

/** Reports addresses that are opened twice. */
export function checkBinds(checked: Checked, open: readonly OpenAddress[]): void {
  const byPort = new Map<string, OpenAddress[]>()
  const reported = new Set<string>()
  for (const address of open) {
    const { transport, host, port, path } = address
    const others = byPort.get(`${transport} ${port}`) ?? []
    // What discovery opens beside its own listener has checks of its own.
    const isOwn = (one: OpenAddress): boolean => transport === 'udp' && one.listener === address.listener
    const other = others.find((one) => overlaps(one.host, host) && !isOwn(one))
    // One slip can be one in both transports.
    const pair = JSON.stringify([path, other?.path])
    if (other !== undefined && !reported.has(pair)) reportTwice(checked, address, other)
    reported.add(pair)
    byPort.set(`${transport} ${port}`, [...others, address])
  }
}

function reportTwice(checked: Checked, address: OpenAddress, other: OpenAddress): void {
  const isAdmins = address.listener === null && !checked.isWritten(['admin', 'bind'])
  const [shown, taken] = isAdmins ? [other, address] : [address, other]
  checked.report({
    code: 'duplicate',
    path: shown.path,
    found: checked.said(shown.path, shown.bind),
    allowed: 'an address and port of its own',
    hint: `${ownerOf(checked, taken)}${taken.listener === null ? `; move it with ${checked.spelled({ admin: { bind: '127.0.0.1:PORT' } })}` : ''}`,
  })
}
