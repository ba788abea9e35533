// Addresses to open that the machine which a config is to run on must have.
import { canonicalAddress } from '../lib/ip-address.ts'
import { unixPathOf } from '../lib/bind.ts'
import { isInterface } from './interface-name.ts'
import type { Path } from './tree.ts'
import type { Written } from './written.ts'

/** Warns of an address to open that this machine lacks; `text` is what says so, of which `host` is a part. */
export function checkOwnAddress(written: Written, path: Path, host: string, text: string): void {
  const addresses = written.machine?.addresses() ?? null
  const address = canonicalAddress(host)
  if (address === null && unixPathOf(host) === null) checkOwnName(written, path, host, text)
  if (addresses === null || address === null || isEvery(address) || addresses.has(address)) return
  written.warn({
    code: 'wrong-value',
    path,
    found: `${written.quoted(path, text)}, which is no address of this machine`,
    allowed: 'an address of the machine that it runs on',
    hint: 'there it is one, or nothing can be opened',
  })
}

/** A name that only DNS may know: the gateway does not start where that fails, or leads elsewhere. */
function checkOwnName(written: Written, path: Path, host: string, text: string): void {
  // Of one that looks like an interface more is said.
  if (written.machine === null || isInterface(host) || written.machine.knowsName(host)) return
  written.warn({
    code: 'wrong-value',
    path,
    found: `${written.quoted(path, text)}, a name that this machine does not know by itself`,
    allowed: 'an address of the machine that it runs on',
    hint: 'it is looked up at the start, and nothing can be opened where DNS does not know it, or leads elsewhere',
  })
}

/** Every address, or one of this machine's loopback: 127.0.0.0/8 is whole. */
const isEvery = (address: string): boolean =>
  address === '0.0.0.0' || address === '::' || address === '::1' || address.startsWith('127.')
