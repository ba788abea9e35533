// Addresses to open that the machine which a config is to run on must have.
import { canonicalAddress } from '../lib/ip-address.ts'
import type { Path } from './tree.ts'
import type { Written } from './written.ts'

/** Warns of an address to open that this machine lacks; `text` is what says so, of which `host` is a part. */
export function checkOwnAddress(written: Written, path: Path, host: string, text: string): void {
  const addresses = written.machine?.addresses() ?? null
  const address = canonicalAddress(host)
  if (addresses === null || address === null || isEvery(address) || addresses.has(address)) return
  written.warn({
    code: 'wrong-value',
    path,
    found: `${written.quoted(path, text)}, which is no address of this machine`,
    allowed: 'an address of the machine that it runs on',
    hint: 'there it is one, or nothing can be opened',
  })
}

/** Every address, or one of this machine's loopback: 127.0.0.0/8 is whole. */
const isEvery = (address: string): boolean =>
  address === '0.0.0.0' || address === '::' || address === '::1' || address.startsWith('127.')
