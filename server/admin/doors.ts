// The two doors of the admin API: both lead to one shell.
import type { OpenAdminAt } from '../control/admin-keeper.ts'
import type { OpenControlAt } from '../control/control-socket.ts'
import type { ControlFacts } from '../control/facts.ts'
import { startAdmin } from './admin.ts'
import { startControlSocket } from './control-socket.ts'
import { LocalOnly } from './local-only.ts'
import { routesOf } from './routes.ts'
import { Shell } from './shell.ts'

/** What may be opened. */
export interface Doors {
  readonly openAdmin: OpenAdminAt
  readonly openControl: OpenControlAt
}

/** The shell over what a supervisor knows. */
export const shellOf = (facts: ControlFacts): Shell =>
  new Shell({ routes: routesOf(facts), facts, authenticator: new LocalOnly() })

export function doorsOf(facts: ControlFacts): Doors {
  const shell = shellOf(facts)
  return {
    openAdmin: (bind) => Promise.resolve(startAdmin({ bind, shell })),
    openControl: async (path) => startControlSocket({ path, shell }),
  }
}
