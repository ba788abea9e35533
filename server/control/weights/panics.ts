// Backends that use servers which are down, as fewer are up than their panic_threshold asks. Found by the
// code by which workers pick.
import { newServer, type Server } from '../../backends/server.ts'
import type { BackendConfig } from '../../backends/backend.options.ts'
import { inUse } from '../../backends/usable.ts'
import type { BackendSlots } from '../../scoreboard/slot.ts'
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import { STATE_DOWN } from '../../scoreboard/states.ts'
import type { PlanBody } from '../processes/worker.ts'

/** Slots of servers that are down and get requests all the same. */
export function panicsOf(
  {
    config,
    slots,
  }: { readonly config: Pick<PlanBody['config'], 'backends'>; readonly slots: PlanBody['slots'] },
  board: Scoreboard,
): ReadonlySet<number> {
  const used = new Set<number>()
  for (const [backend, options] of Object.entries(config.backends)) {
    const own = slots[backend]
    if (options.panic_threshold === 0 || own === undefined) continue
    const isDown = ({ slot }: Server): boolean => board.state(slot) === STATE_DOWN
    const servers = serversOf(backend, options, own)
    // The usual case costs no more than this.
    if (!servers.some(isDown)) continue
    for (const server of inUse(servers, board, options).usable) if (isDown(server)) used.add(server.slot)
  }
  return used
}

const serversOf = (backend: string, options: BackendConfig, own: BackendSlots): readonly Server[] =>
  options.servers.flatMap(({ name, url }, index) => {
    const slot = own.servers[name ?? url]
    return slot ? [newServer({ backend, options, index, slot, tls: null, previous: null })] : []
  })
