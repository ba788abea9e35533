// What a config needs of the machine that it will run on. Warnings only: a config may be checked on another
// machine, or by another user.
import { canonicalAddress } from '../lib/ranges.ts'
import type { Checked } from './checked.ts'
import { openAddresses } from './check-binds.ts'
import type { Path } from './tree.ts'

/** What can be asked of a machine. */
export interface Machine {
  /** Its addresses; null: it does not tell. */
  readonly addresses: () => ReadonlySet<string> | null
  /** What stands against writing there, in words; null: nothing. */
  readonly whyNoFolder: (path: string) => string | null
  readonly whyNoFile: (path: string) => string | null
}

/** Warns of addresses that this machine lacks, and of places that cannot be written. */
export function checkMachine(checked: Checked, machine: Machine): void {
  checkAddresses(checked, machine.addresses())
  const { data, logs } = checked.config
  const warn = (path: Path, written: string, why: string | null): void => {
    if (why !== null)
      checked.warn({
        code: 'file',
        path,
        found: `${checked.quoted(path, written)}, ${why}`,
        allowed: 'a place that the gateway can write to',
        hint: `it is ${checked.absolute(written)}; this counts for the user and the machine that the gateway runs as`,
      })
  }
  warn(['data'], data, machine.whyNoFolder(checked.absolute(data)))
  const { file, enabled } = logs.access
  if (file !== undefined && enabled)
    warn(['logs', 'access', 'file'], file, machine.whyNoFile(checked.absolute(file)))
}

function checkAddresses(checked: Checked, addresses: ReadonlySet<string> | null): void {
  if (addresses === null) return
  const seen = new Set<string>()
  const report = (path: Path, host: string, written: string): void => {
    const address = canonicalAddress(host)
    const key = JSON.stringify(path)
    if (address === null || isEvery(address) || addresses.has(address) || seen.has(key)) return
    seen.add(key)
    checked.warn({
      code: 'wrong-value',
      path,
      found: `${checked.quoted(path, written)}, which is no address of this machine`,
      allowed: 'an address of the machine that it runs on',
      hint: 'there it is one, or nothing can be opened',
    })
  }
  for (const { path, host, bind } of openAddresses(checked)) report(path, host, bind)
  for (const [name, listener] of Object.entries(checked.config.listeners))
    if (listener.protocol === 'turn' && listener.relay !== false)
      for (const [place, address] of listener.relay.bind.entries())
        report(['listeners', name, 'relay', 'bind', place], address, address)
}

/** Every address, or one of this machine's loopback: 127.0.0.0/8 is whole. */
const isEvery = (address: string): boolean =>
  address === '0.0.0.0' || address === '::' || address === '::1' || address.startsWith('127.')
