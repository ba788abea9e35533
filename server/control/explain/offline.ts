// A config that nobody serves: its servers are taken to be up, as nothing is known of them.
import type { Config } from '../../config/schema.ts'
import { readWhereNone } from '../../geo/where.ts'
import { privateRegion, scoreboardOn } from '../../scoreboard/region.ts'
import { STATE_UP } from '../../scoreboard/states.ts'
import { assignSlots, NO_SLOTS, planSlots } from '../processes/slots.ts'
import type { Ground } from './explained.ts'

export function offlineGround(config: Config): Ground {
  readWhereNone(config.geo ?? {})
  const table = assignSlots(NO_SLOTS, config.backends, 1, () => false)
  const board = scoreboardOn(privateRegion(table.records, 1), 0)
  for (const { index } of table.tenants.values()) board.setState(index, STATE_UP)
  return {
    config,
    states: { board, slots: planSlots(table, config.backends), reasonOf: () => null },
    portsOf: () => [],
    tellsAll: true,
  }
}
