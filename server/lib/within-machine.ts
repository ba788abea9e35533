import { parseBind, unixPathOf } from './bind.ts'
import { isLoopback } from './ip-address.ts'

/** Whether nobody but this machine reaches what is bound there. */
export function isWithinMachine(bind: string): boolean {
  if (unixPathOf(bind) !== null) return true
  const { host } = parseBind(bind)
  return host === 'localhost' || isLoopback(host)
}
