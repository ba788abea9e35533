// The shell with all that it stands before: loaded once somebody asks for more than monitoring does.
import type { ControlFacts } from '../control/facts.ts'
import { AuditRecorder } from './audit-recorder.ts'
import { GatewayAuthenticator } from './auth/gateway-authenticator.ts'
import { routesOf } from './routes.ts'
import { Shell } from './shell.ts'

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
