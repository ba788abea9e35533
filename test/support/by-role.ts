// Who asks, for tests of the admin API: whoever names a role has it.
import type { Authenticator } from '../../server/admin/auth/authenticator.ts'
import { isRole } from '../../server/control/store/principal.ts'

/** `Authorization: Bearer ROLE`, from any address. */
export const BY_ROLE: Authenticator = {
  whoAsks: (request, address) => {
    const role = request.headers.get('authorization')?.slice('Bearer '.length) ?? ''
    if (!isRole(role)) return Promise.resolve({ code: 'not_signed_in', detail: 'Nobody.' })
    const who = { kind: 'user', name: role, role, from: address, id: 'x' } as const
    return Promise.resolve({ who, whyNoChange: () => null, whyNoStepUp: () => null, isStillGood: () => true })
  },
}
