// The two doors of the admin API: both lead to one shell.
import type { OpenAdminAt } from '../control/admin-keeper.ts'
import type { OpenControlAt } from '../control/control-socket.ts'
import type { ControlFacts } from '../control/facts.ts'
import { startAdmin } from './admin.ts'
import { AuditRecorder } from './audit-recorder.ts'
import { GatewayAuthenticator } from './auth/gateway-authenticator.ts'
import { startControlSocket } from './control-socket.ts'
import { routesOf } from './routes.ts'
import { Shell } from './shell.ts'

/** What may be opened. */
export interface Doors {
  readonly openAdmin: OpenAdminAt
  readonly openControl: OpenControlAt
}

/** The shell over what a supervisor knows. */
export function shellOf(facts: ControlFacts): Shell {
  const routes = routesOf(facts)
  const recorder = new AuditRecorder(facts, routes)
  const authenticator = new GatewayAuthenticator({
    store: facts.store,
    issuer: () => facts.access()?.jwt ?? null,
    nowMs: Date.now,
  })
  return new Shell({
    ...{ routes, facts, authenticator },
    onAnswer: (pass, status) => recorder.answered(pass, status),
  })
}

export function doorsOf(facts: ControlFacts): Doors {
  const shell = shellOf(facts)
  return {
    openAdmin: (bind) => Promise.resolve(startAdmin({ bind, shell })),
    openControl: async (path) => startControlSocket({ path, shell }),
  }
}
