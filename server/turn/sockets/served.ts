import { tellBug } from '../../lib/bug.ts'
import { closeFds } from '../../lib/pass-fds.ts'
import type { OpenFailure } from '../network.ts'

/** Makes what serves a descriptor. If the system has no room to poll one more, it is not leaked. */
export function served<T>(fd: number | OpenFailure, make: (fd: number) => T): T | OpenFailure {
  if (typeof fd !== 'number') return fd
  try {
    return make(fd)
  } catch (error) {
    tellBug(error)
    closeFds([fd])
    return 'failed'
  }
}
