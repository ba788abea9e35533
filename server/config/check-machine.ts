// What a config needs of the machine that it will run on. Warnings only: a config may be checked on another
// machine, or by another user.
import type { Checked } from './checked.ts'
import { checkOwnAddress } from './own-address.ts'
import type { Machine } from './world.ts'
import { openAddresses } from './open-address.ts'
import type { Path } from './tree.ts'

/** Warns of addresses that this machine lacks, and of places that cannot be written. */
export function checkMachine(checked: Checked, machine: Machine): void {
  checkAddresses(checked)
  const { data, logs } = checked.config
  const warn = (path: Path, place: string, why: string | null): void => {
    const found = checked.isWritten(path) ? checked.quoted(path, place) : 'the default'
    if (why !== null)
      checked.warn({
        code: 'file',
        path,
        found: `${found}, ${why}`,
        allowed: 'a place that the gateway can write to',
        hint: `it is ${place}; this counts for the user and the machine that the gateway runs as`,
      })
  }
  warn(['data'], data, machine.whyNoFolder(data))
  const { file, enabled } = logs.access
  if (file !== undefined && enabled) warn(['logs', 'access', 'file'], file, machine.whyNoFile(file))
}

function checkAddresses(checked: Checked): void {
  const seen = new Set<string>()
  for (const { path, host, bind } of openAddresses(checked.config)) {
    const key = JSON.stringify(path)
    if (!seen.has(key)) checkOwnAddress(checked, path, host, bind)
    seen.add(key)
  }
}
