// The two doors of the admin API. Both lead to one shell, most of which is loaded only once it is needed: a
// gateway that nobody asks anything but health and metrics has no use for the rest.
import type { OpenAdminAt } from '../control/admin-keeper.ts'
import type { OpenControlAt } from '../control/control-socket.ts'
import type { ControlFacts } from '../control/facts.ts'
import { startAdmin } from './admin.ts'
import type { Came } from './came.ts'
import { startControlSocket } from './control-socket.ts'
import { documentRoutes } from './routes/documents.ts'
import { Shell } from './shell.ts'

/** What may be opened. */
export interface Doors {
  readonly openAdmin: OpenAdminAt
  readonly openControl: OpenControlAt
}

export function doorsOf(facts: ControlFacts): Doors {
  const shell = new LazyShell(facts)
  return {
    openAdmin: (opening) => Promise.resolve(startAdmin({ ...opening, shell })),
    openControl: async (path) => startControlSocket({ path, shell }),
  }
}

export class LazyShell {
  readonly #facts: ControlFacts
  /** Answers monitoring that needs no credential, and nothing else. */
  readonly #documents: Shell
  #whole: Promise<Shell> | null = null

  constructor(facts: ControlFacts) {
    this.#facts = facts
    const nobody = (): never => {
      throw new Error('nobody is asked who they are here')
    }
    const authenticator = { whoAsks: nobody }
    this.#documents = new Shell({ routes: documentRoutes(facts), facts, authenticator })
  }

  /** Answers; never rejects. */
  async answer(came: Came): Promise<Response> {
    if (this.#documents.isOpen(came)) return this.#documents.answer(came)
    this.#whole ??= import('./whole-shell.ts').then(({ shellOf }) => shellOf(this.#facts))
    return (await this.#whole).answer(came)
  }
}
