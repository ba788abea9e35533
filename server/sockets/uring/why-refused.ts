// Why the kernel refused a ring, in words for whoever runs the machine.
import { EPERM, ENOMEM, EACCES, EINVAL, ENFILE, EMFILE, ENOSYS } from '../calls.ts'
import type { RingCall } from './set-up.ts'

export const OLD = 'this kernel is too old for it (Linux 6.1 is needed)'

/** `disabled`: the sysctl kernel.io_uring_disabled; empty: this kernel has none. */
export function whyRefused(
  { call, code, message }: { readonly call: RingCall; readonly code: number; readonly message: string },
  disabled: string,
): string {
  // The kernel itself has all of them, or none.
  if (call !== 'io_uring_setup' && [ENOSYS, EPERM, EACCES].includes(code))
    return `${call} is refused, though io_uring_setup is not, by a seccomp profile (errno ${code})`
  if (code === ENOSYS) return 'this kernel has none, or a seccomp profile says so'
  if (code === EPERM || code === EACCES) return whyForbidden(disabled)
  if (code === EINVAL) return OLD
  if (code === ENOMEM) return 'there is no memory for it, or too little may be locked (RLIMIT_MEMLOCK)'
  if (code === ENFILE || code === EMFILE) return 'no descriptor is left for it'
  return message
}

/** The sysctl says 0 for all, 1 for a group only, 2 for nobody. */
function whyForbidden(disabled: string): string {
  if (disabled === '2') return 'it is switched off (sysctl kernel.io_uring_disabled is 2)'
  if (disabled !== '1') return 'it is not permitted here, as in most containers (seccomp profile)'
  return 'it is for a group only (sysctl kernel.io_uring_disabled is 1, kernel.io_uring_group says which)'
}
